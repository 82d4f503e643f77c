// SPDX-License-Identifier: Apache-2.0
/** What a page does with hasher.js, and what the tests ask it: all of it hangs on `window.test`. */

import { Hasher } from "/hash/hasher.js";

const hasher = new Hasher();
const input = /** @type {HTMLInputElement} */ (document.querySelector("#file"));
const state = /** @type {HTMLElement} */ (document.querySelector("#state"));

/** Main-thread blockages of 50 ms and more since the page was loaded. */
const longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration))).observe({
    entryTypes: ["longtask"],
});

window.test = {
    hasher,
    longTasks,
    /** Hash the chosen files; cancel each once this share of it is done. */
    async hashChosen(cancelAt = 2) {
        const results = [];
        for (const file of input.files) {
            const controller = new AbortController();
            const progress = [];
            const onProgress = (fraction) => {
                progress.push(fraction);
                if (fraction >= cancelAt) controller.abort();
            };
            const began = performance.now();
            const result = await hasher.hash(file, { onProgress, signal: controller.signal });
            results.push({ name: file.name, ...result, progress, took_ms: performance.now() - began });
        }
        return results;
    },
};

hasher.prepare({ heic: true }).then(
    () => (state.textContent = "ready"),
    (error) => (state.textContent = `failed: ${error}`),
);
