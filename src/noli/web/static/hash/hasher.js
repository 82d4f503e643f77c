// SPDX-License-Identifier: Apache-2.0
/**
 * Hash pictures and videos in the page. Nothing of a file leaves it: the only requests are for this folder's own code.
 *
 *     const hasher = new Hasher();
 *     await hasher.prepare();                    // from here on it works offline
 *     const { kind, outcome, hashes } = await hasher.hash(file, { onProgress, signal });
 *     hasher.close();
 *
 * What the page's Content-Security-Policy must allow, and the header that worker.js and heic.js need, too:
 * `HASHING_POLICY` in noli/web/page_hashing.py. Trusted Types: the policy is called `noli-worker`.
 */

import { HEAD_BYTES, formatOf } from "./formats.js";
import { scriptUrl } from "./trust.js";
import { Unreadable, framesOf } from "./videos.js";

/** @typedef {import("./pictures.js").Hash} Hash */

/**
 * What became of a file. `hashes` is empty unless `hashed`; frames and renderings of too little detail are left out.
 *
 * @typedef {object} Result
 * @property {"image" | "video"} kind
 * @property {"hashed" | "low_quality" | "unsupported" | "corrupt" | "too_large" | "cancelled"} outcome
 * @property {Hash[]} hashes
 */

/**
 * @typedef {object} Options
 * @property {(fraction: number) => void} [onProgress] told how much is done, 0 to 1, never less than before
 * @property {AbortSignal} [signal] cancels
 */

/** @typedef {{outcome: Result["outcome"], hashes: Hash[]}} Answer */

const KERNEL = new URL("pdq.wasm", import.meta.url).href;
const HEIC_FILES = ["heic.js", "vendor/libheif/libheif.js", "vendor/libheif/libheif.wasm"];

export class Hasher {
    constructor() {
        /** @type {Promise<WebAssembly.Module> | undefined} */
        this._module = undefined;
        /** @type {Promise<Worker> | undefined} */
        this._worker = undefined;
        /** @type {Map<number, {resolve: (answer: Answer) => void, onProgress: (fraction: number) => void}>} */
        this._waiting = new Map();
        this._next = 1;
        /** @type {Promise<unknown>} */
        this._last = Promise.resolve();
    }

    /**
     * Load all that hashing needs.
     *
     * @param {{heic?: boolean}} [options] `heic` also fetches the HEIC decoder (1.5 MB) into the browser's cache, where
     *     otherwise it is fetched when the first HEIC file comes that the browser cannot decode itself
     * @throws {Error} it cannot be loaded, or not be started
     */
    async prepare({ heic = false } = {}) {
        await this._started();
        if (heic) {
            await Promise.all(HEIC_FILES.map((name) => fetch(new URL(name, import.meta.url)).then((r) => r.blob())));
        }
    }

    /**
     * Hash a file. Files wait for one another; a bad file is an outcome, never an exception.
     *
     * @param {File} file
     * @param {Options} [options]
     * @returns {Promise<Result>}
     * @throws {Error} hashing itself cannot be loaded or started
     */
    async hash(file, { onProgress = () => undefined, signal = new AbortController().signal } = {}) {
        let reached = 0;
        /** @param {number} fraction */
        const progress = (fraction) => {
            if (fraction > reached && !signal.aborted) {
                reached = fraction;
                onProgress(Math.min(1, fraction));
            }
        };
        const turn = this._last.then(async () => {
            const kind = await kindOf(file);
            if (signal.aborted) return { kind, outcome: /** @type {const} */ ("cancelled"), hashes: [] };
            const hashed = kind === "video" ? this._video(file, progress, signal) : this._picture(file, progress, signal);
            return { kind, ...(await hashed) };
        });
        this._last = turn.catch(() => undefined);
        const result = await turn;
        if (result.outcome !== "cancelled") {
            progress(1);
        }
        return result;
    }

    /** Stop the worker and give its memory back; whatever is under way is cancelled. */
    close() {
        this._end("cancelled");
    }

    /**
     * @param {File} file
     * @param {(fraction: number) => void} onProgress
     * @param {AbortSignal} signal
     * @returns {Promise<Answer>}
     */
    _picture(file, onProgress, signal) {
        return this._ask({ ask: "picture", file }, [], onProgress, signal);
    }

    /**
     * @param {File} file
     * @param {(fraction: number) => void} onProgress
     * @param {AbortSignal} signal
     * @returns {Promise<Answer>}
     */
    async _video(file, onProgress, signal) {
        /** @type {Hash[]} */
        const hashes = [];
        /** @type {Promise<void>} */
        let before = Promise.resolve();
        let seen = -1;
        /** @type {Result["outcome"]} */
        let failed = "low_quality";
        try {
            for await (const { frame, width, height, at_ms, share } of framesOf(file, signal)) {
                if (at_ms === seen) { // a video with fewer frames than we ask for
                    frame.close();
                    continue;
                }
                seen = at_ms;
                await before; // one frame is hashed while the next is sought, and no more
                before = this._ask({ ask: "frame", frame, width, height }, [frame], () => undefined, signal).then((answer) => {
                    hashes.push(...answer.hashes.map((hash) => ({ ...hash, at_ms })));
                    failed = answer.outcome === "hashed" ? failed : answer.outcome;
                    onProgress(share);
                });
            }
        } catch (error) {
            if (!signal.aborted && !(error instanceof Unreadable)) throw error;
            failed = error instanceof Unreadable ? error.outcome : "cancelled";
        }
        await before;
        if (signal.aborted || failed === "cancelled") return { outcome: "cancelled", hashes: [] };
        // A video that breaks off half way is protected as far as it can be read.
        return hashes.length > 0 ? { outcome: "hashed", hashes } : { outcome: failed, hashes };
    }

    /**
     * @param {object} request
     * @param {Transferable[]} transfer
     * @param {(fraction: number) => void} onProgress
     * @param {AbortSignal} signal
     * @returns {Promise<Answer>}
     */
    async _ask(request, transfer, onProgress, signal) {
        const worker = await this._started();
        const id = this._next++;
        return new Promise((resolve) => {
            const cancel = () => {
                worker.postMessage({ ask: "cancel", id });
                this._answer({ id, outcome: "cancelled", hashes: [] });
            };
            signal.addEventListener("abort", cancel, { once: true });
            this._waiting.set(id, {
                onProgress,
                resolve: (answer) => {
                    signal.removeEventListener("abort", cancel);
                    resolve(answer);
                },
            });
            worker.postMessage({ ...request, id }, transfer);
            if (signal.aborted) cancel();
        });
    }

    /** @param {{id: number} & Answer} answer */
    _answer({ id, outcome, hashes }) {
        const waiting = this._waiting.get(id);
        this._waiting.delete(id);
        waiting?.resolve({ outcome, hashes });
    }

    /** @returns {Promise<Worker>} */
    _started() {
        this._worker ??= this._start().catch((error) => {
            this._worker = undefined;
            throw error;
        });
        return this._worker;
    }

    async _start() {
        this._module ??= compiled();
        const module = await this._module.catch((error) => {
            this._module = undefined;
            throw error;
        });
        const worker = new Worker(scriptUrl("worker.js"), { type: "module", name: "noli-hasher" });
        await new Promise((resolve, reject) => {
            worker.onmessage = resolve;
            worker.onerror = () => reject(new Error("The hashing worker cannot be started."));
        });
        worker.onmessage = ({ data }) => {
            if (data.progress === undefined) {
                this._answer(data);
            } else {
                this._waiting.get(data.id)?.onProgress(data.progress);
            }
        };
        // What breaks a worker that catches its own errors is a lack of memory.
        worker.onerror = () => this._end("too_large");
        worker.postMessage({ ask: "start", module });
        return worker;
    }

    /** @param {Result["outcome"]} outcome what is answered to those who wait */
    _end(outcome) {
        this._worker?.then((worker) => worker.terminate(), () => undefined);
        this._worker = undefined;
        for (const id of [...this._waiting.keys()]) {
            this._answer({ id, outcome, hashes: [] });
        }
    }
}

/** @returns {Promise<WebAssembly.Module>} */
async function compiled() {
    const answer = await fetch(KERNEL);
    if (!answer.ok) {
        throw new Error("The hashing kernel cannot be loaded.");
    }
    return WebAssembly.compile(await answer.arrayBuffer());
}

/**
 * @param {File} file
 * @returns {Promise<"image" | "video">}
 */
async function kindOf(file) {
    const { kind, name } = formatOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
    return name === "unknown" && file.type.startsWith("video/") ? "video" : kind;
}
