// SPDX-License-Identifier: Apache-2.0
/**
 * Decodes one HEIC picture with libheif (LGPL-3.0, vendor/libheif), where the browser itself cannot.
 *
 * A classic worker of its own: libheif is an old-style script, and its memory, which never shrinks, goes with the
 * worker. Takes the file's bytes; answers `{width, height, data}` with RGBA upright, or `{failed}`.
 */
"use strict";

(() => {
    /** @type {any} */
    const scope = self;
    const LIBRARY = new URL("vendor/libheif/libheif.js", self.location.href).href;
    const KERNEL = new URL("vendor/libheif/libheif.wasm", self.location.href).href;

    /** @param {string} url */
    const checked = (url) => {
        if (url !== LIBRARY) {
            throw new TypeError("Only libheif may be loaded here.");
        }
        return url;
    };
    /** @type {any} */
    const factory = scope.trustedTypes ?? { createPolicy: (/** @type {string} */ _, /** @type {any} */ rules) => rules };
    const policy = factory.createPolicy("noli-worker", { createScriptURL: checked });

    async function load() {
        const answer = await fetch(KERNEL);
        if (!answer.ok) {
            throw new Error("libheif.wasm cannot be fetched");
        }
        const wasmBinary = await answer.arrayBuffer();
        scope.importScripts(policy.createScriptURL(LIBRARY));
        return new Promise((resolve, reject) => {
            scope.libheif({ wasmBinary, onRuntimeInitialized() { resolve(this); }, onAbort: reject });
        });
    }

    /**
     * @param {any} library
     * @param {ArrayBuffer} file
     * @param {number} maxPixels
     */
    async function decode(library, file, maxPixels) {
        const images = new library.HeifDecoder().decode(file);
        if (images.length === 0) {
            return { failed: "corrupt" };
        }
        const image = images.find((/** @type {any} */ each) => each.is_primary()) ?? images[0];
        const [width, height] = [image.get_width(), image.get_height()];
        if (width * height > maxPixels) {
            return { failed: "too_large" };
        }
        const shown = { width, height, data: new Uint8ClampedArray(4 * width * height) };
        const done = await new Promise((resolve) => image.display(shown, resolve));
        return done === null ? { failed: "corrupt" } : shown;
    }

    self.onmessage = async ({ data: { file, maxPixels } }) => {
        /** @type {any} */
        let answer = { failed: "unsupported" };
        try {
            const library = await load();
            answer = { failed: "corrupt" };
            answer = await decode(library, file, maxPixels);
        } catch (error) {
            answer = error instanceof RangeError ? { failed: "too_large" } : answer;
        }
        self.postMessage(answer, { transfer: answer.data === undefined ? [] : [answer.data.buffer] });
    };
})();
