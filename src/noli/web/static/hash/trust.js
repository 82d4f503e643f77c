// SPDX-License-Identifier: Apache-2.0
/**
 * Addresses of our own scripts, in the form that a page under Trusted Types demands.
 *
 * Under `require-trusted-types-for 'script'; trusted-types noli-worker` a plain text is refused by `new Worker` and
 * `importScripts`. The policy lets the scripts named here pass and nothing else; each realm makes it once.
 */

/** The scripts that are started from JavaScript. */
const SCRIPTS = new Set(["worker.js", "heic.js", "../pages/work.js"].map((name) => new URL(name, import.meta.url).href));

/** @type {{createScriptURL(url: string): any} | undefined} */
let policy;

/**
 * @param {string} url
 * @returns {string}
 */
function checked(url) {
    if (!SCRIPTS.has(url)) {
        throw new TypeError("Only our own workers may be started.");
    }
    return url;
}

/**
 * @param {"worker.js" | "heic.js" | "../pages/work.js"} name
 * @returns {any} what `new Worker` takes: a TrustedScriptURL, or a text where the browser has no Trusted Types
 */
export function scriptUrl(name) {
    /** @type {any} */
    const factory = /** @type {any} */ (globalThis).trustedTypes;
    policy ??= factory === undefined ? { createScriptURL: checked } : factory.createPolicy("noli-worker", { createScriptURL: checked });
    return /** @type {any} */ (policy).createScriptURL(new URL(name, import.meta.url).href);
}
