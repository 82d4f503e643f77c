// SPDX-License-Identifier: Apache-2.0
/** Sends JSON and says in words what became of it. */

import { text } from "./texts.js";

/** Texts by the codes of problem documents (noli/web/api/problems.py). */
const SAID = new Map([
    ["throttled", "throttled"],
    ["conflict", "conflict"],
    ["unavailable", "unavailable"],
    ["store-busy", "unavailable"],
    ["kernel-unavailable", "unavailable"],
    ["internal", "unavailable"],
    ["integrity", "unavailable"],
    ["unauthenticated", "unauthenticated"],
]);

/** What went wrong, in the words of the page. */
export class Unsent extends Error {
    /**
     * @param {string} message
     * @param {string} code
     */
    constructor(message, code) {
        super(message);
        this.code = code;
    }
}

/**
 * @param {string} path
 * @param {string} body
 * @returns {Promise<any>} the answer
 * @throws {Unsent} it did not arrive, or was refused
 */
export async function send(path, body) {
    /** @type {Response} */
    let answer;
    /** @type {any} */
    let content;
    try {
        answer = await fetch(path, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body,
            cache: "no-store",
            redirect: "error",
        });
        content = await answer.json();
    } catch {
        throw new Unsent(text("offline"), "offline");
    }
    if (answer.ok) return content;
    const code = String(content.code ?? "internal");
    const minutes = Math.max(1, Math.ceil(Number(answer.headers.get("retry-after") ?? 60) / 60));
    throw new Unsent(text(SAID.get(code) ?? "refused", { n: minutes }), code);
}
