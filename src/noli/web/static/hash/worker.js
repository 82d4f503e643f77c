// SPDX-License-Identifier: Apache-2.0
/**
 * The worker behind hasher.js: decodes and hashes pictures, and hashes the frames of videos that the page hands over.
 *
 * One request at a time. In: `{id, ask: "picture", file}`, `{id, ask: "frame", frame, width, height}`,
 * `{ask: "cancel", id}`, and first of all `{ask: "start", module}`. Out: `{id, progress}` and `{id, outcome, hashes}`.
 */

import { HEAD_BYTES, formatOf, isStoredUpright, statedPixels } from "./formats.js";
import { frameHashes } from "./frames.js";
import { Cancelled, distance, renderings } from "./pictures.js";
import { scriptUrl } from "./trust.js";

/** Most pixels of a picture. The same as max_pixels in noli/base/config.py. */
const MAX_PIXELS = 100_000_000;

/** Distinct frames of an animated picture that are kept at most, and how many are looked at. */
const MAX_FRAMES = 32;
const MAX_FRAMES_SEEN = 1000;

/** Two frames are one picture up to this many bits apart. The same as in noli/adapters/decode/pictures.py. */
const SAME_FRAME_BITS = 10;

/** Share of the work that decoding is, for the progress bar. */
const DECODED = 0.5;

/** How pixels are wanted: as they are in the file, upright. */
const AS_STORED = /** @type {const} */ ({
    imageOrientation: "from-image",
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
});

/** @typedef {import("./pictures.js").Hash} Hash */
/** @typedef {{outcome: string, hashes: Hash[]}} Answer */

/** @type {WebAssembly.Module} */
let module;
/** @type {Set<number>} */
const cancelled = new Set();

const bell = new MessageChannel();

/** Let messages in, then stop if one of them cancelled this request. @param {number} id */
async function breathe(id) {
    // A timer would wait four milliseconds each time.
    await new Promise((resolve) => {
        bell.port1.onmessage = resolve;
        bell.port2.postMessage(null);
    });
    if (cancelled.has(id)) {
        throw new Cancelled();
    }
}

/** @param {string} outcome @returns {Answer} */
const without = (outcome) => ({ outcome, hashes: [] });

/** @param {Hash[]} hashes @returns {Answer} */
const answered = (hashes) => ({ outcome: hashes.length > 0 ? "hashed" : "low_quality", hashes });

/**
 * @param {number} id
 * @param {File} file
 * @returns {Promise<Answer>}
 */
async function hashPicture(id, file) {
    const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    const format = formatOf(head);
    if (format.name === "unknown" || format.kind !== "image") return without("unsupported");
    if (statedPixels(format, head) > MAX_PIXELS) return without("too_large");
    const frames = await animation(id, file, format);
    if (frames !== null) return answered(frames);
    await breathe(id);
    const decoded = await decode(file, format);
    if (typeof decoded === "string") return without(decoded);
    try {
        await breathe(id);
        self.postMessage({ id, progress: DECODED });
        /** @param {number} share */
        const step = async (share) => {
            self.postMessage({ id, progress: DECODED + (1 - DECODED) * share * 0.9 });
            await breathe(id);
        };
        const storedUpright = format.name === "jpeg" && isStoredUpright(head);
        const shown = { width: decoded.width, height: decoded.height, source: decoded, storedUpright };
        const seen = await renderings(module, shown, { alpha: format.alpha, crops: true, step });
        return answered(distinct([], seen).flat());
    } finally {
        decoded.close();
    }
}

/**
 * @param {File} file
 * @param {import("./formats.js").Format} format
 * @returns {Promise<ImageBitmap | string>} the picture upright, or the outcome
 */
async function decode(file, format) {
    try {
        const bitmap = await createImageBitmap(file, AS_STORED);
        if (bitmap.width * bitmap.height <= MAX_PIXELS) return bitmap;
        bitmap.close();
        return "too_large";
    } catch {
        if (format.name === "heic") return decodeHeic(file);
        return format.name === "tiff" ? "unsupported" : "corrupt";
    }
}

/**
 * @param {File} file
 * @returns {Promise<ImageBitmap | string>}
 */
async function decodeHeic(file) {
    const worker = new Worker(scriptUrl("heic.js"));
    try {
        const bytes = await file.arrayBuffer();
        const answer = await new Promise((resolve) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = () => resolve({ failed: "unsupported" });
            worker.postMessage({ file: bytes, maxPixels: MAX_PIXELS }, [bytes]);
        });
        if (answer.failed !== undefined) return answer.failed;
        return await createImageBitmap(new ImageData(answer.data, answer.width, answer.height), AS_STORED);
    } finally {
        worker.terminate();
    }
}

/**
 * Hash the distinct frames of an animated picture, where the browser can take it apart.
 *
 * @param {number} id
 * @param {File} file
 * @param {import("./formats.js").Format} format
 * @returns {Promise<Hash[] | null>} null where it is a still picture, or cannot be taken apart
 */
async function animation(id, file, format) {
    /** @type {any} */
    const Decoder = /** @type {any} */ (self).ImageDecoder;
    if (!["gif", "webp", "png", "avif"].includes(format.name) || Decoder === undefined) return null;
    const decoder = new Decoder({ data: file.stream(), type: format.type, colorSpaceConversion: "none" });
    try {
        await decoder.tracks.ready;
        if (!(decoder.tracks.selectedTrack?.animated ?? false)) return null;
        await decoder.completed;
        const count = Math.min(decoder.tracks.selectedTrack.frameCount, MAX_FRAMES_SEEN);
        return count > 1 ? await frames(id, decoder, count, format.alpha) : null;
    } catch (error) {
        if (error instanceof Cancelled) throw error;
        return null;
    } finally {
        decoder.close();
    }
}

/**
 * @param {number} id
 * @param {any} decoder
 * @param {number} count
 * @param {boolean} alpha
 * @returns {Promise<Hash[]>}
 */
async function frames(id, decoder, count, alpha) {
    /** @type {Hash[][]} */
    const kept = [];
    for (let frameIndex = 0; frameIndex < count && kept.length < MAX_FRAMES; frameIndex++) {
        const { image } = await decoder.decode({ frameIndex });
        const shown = { width: image.displayWidth, height: image.displayHeight, source: image };
        try {
            distinct(kept, await renderings(module, shown, { alpha, crops: false, step: async () => undefined }));
        } finally {
            image.close();
        }
        self.postMessage({ id, progress: (frameIndex + 1) / count });
        await breathe(id);
    }
    return kept.flat();
}

/**
 * Add the renderings that differ from those kept.
 *
 * @param {Hash[][]} kept
 * @param {Hash[][]} seen
 * @returns {Hash[][]} `kept`
 */
function distinct(kept, seen) {
    for (const hashes of seen) {
        if (kept.every(([first]) => distance(first.value, hashes[0].value) > SAME_FRAME_BITS)) {
            kept.push(hashes);
        }
    }
    return kept;
}

/**
 * @param {any} asked
 * @returns {Promise<Answer>}
 */
async function hashFrame({ frame, width, height }) {
    try {
        return answered(await frameHashes(module, frame, width, height));
    } finally {
        frame.close();
    }
}

/**
 * @param {any} asked
 * @returns {Promise<Answer>}
 */
async function answer(asked) {
    try {
        return asked.ask === "frame" ? await hashFrame(asked) : await hashPicture(asked.id, asked.file);
    } catch (error) {
        if (error instanceof Cancelled) return without("cancelled");
        // A picture that memory does not suffice for; anything else is a file that decoding broke on.
        return without(error instanceof RangeError ? "too_large" : "corrupt");
    }
}

/** Requests wait for one another, so that two large pictures are never in memory. */
let last = Promise.resolve();

self.onmessage = ({ data: asked }) => {
    if (asked.ask === "start") {
        module = asked.module;
    } else if (asked.ask === "cancel") {
        cancelled.add(asked.id);
    } else {
        last = last.then(async () => {
            const result = cancelled.has(asked.id) ? without("cancelled") : await answer(asked);
            cancelled.delete(asked.id);
            self.postMessage({ id: asked.id, ...result });
        });
    }
};
self.postMessage({ ready: true });
