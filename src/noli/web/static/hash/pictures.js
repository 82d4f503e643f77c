// SPDX-License-Identifier: Apache-2.0
/**
 * From a decoded picture to its hashes; runs in the worker.
 *
 * The pixels are those of the file at full size: upright, colour profiles not applied, nothing scaled by a canvas. What
 * is transparent is shown over white and over black, as noli/adapters/decode/normalise.py does it. Only a strip of the
 * picture is ever on a canvas: phones refuse canvases as large as their own photographs.
 */

import { FORMS, STRIP_ROWS, pixelsFor } from "./kernel.js";
import { cropsOf } from "./rectangles.js";

/** Below this a PDQ hash says too little. The same as MIN_QUALITY in noli/hashing/model.py. */
export const MIN_QUALITY = 50;

const OPAQUE = 255;
const GROUNDS = ["#ffffff", "#000000"];

/** @typedef {{type: "pdq", value: string, quality: number, variant: string, at_ms?: number}} Hash */
/**
 * @typedef {{width: number, height: number, source: CanvasImageSource, storedUpright?: boolean}} Shown
 *     `storedUpright`: an opaque picture whose stored rows are the shown rows
 */

/** Thrown between two steps after somebody cancelled. */
export class Cancelled extends Error {}

/** @typedef {{bytes: Uint8Array | Uint8ClampedArray, blueFirst: boolean}} Strip */

/** Draws a picture a strip at a time. */
export class Strips {
    /** @param {Shown} shown */
    constructor(shown) {
        this._shown = shown;
        this._canvas = new OffscreenCanvas(shown.width, Math.min(STRIP_ROWS, shown.height));
        const context = this._canvas.getContext("2d", { willReadFrequently: true });
        if (context === null) {
            throw new RangeError("no canvas of this width");
        }
        this._context = context;
        context.imageSmoothingEnabled = false;
    }

    /**
     * @param {number} top
     * @param {string} ground colour behind the picture; "" for none
     * @returns {{bytes: Uint8ClampedArray, blueFirst: boolean}}
     */
    read(top, ground) {
        const { width, height, source } = this._shown;
        const rows = Math.min(STRIP_ROWS, height - top);
        this._context.clearRect(0, 0, width, rows);
        if (ground !== "") {
            this._context.fillStyle = ground;
            this._context.fillRect(0, 0, width, rows);
        }
        this._context.drawImage(source, 0, -top, width, height);
        return { bytes: this._context.getImageData(0, 0, width, rows).data, blueFirst: false };
    }

    close() {
        this._canvas.width = this._canvas.height = 1; // some browsers are slow to give the memory back
    }
}

/** Formats of four bytes a pixel, and whether blue comes first. */
const BLUE_FIRST = /** @type {Record<string, boolean>} */ ({ RGBA: false, RGBX: false, BGRA: true, BGRX: true });

/**
 * Copies an opaque picture a strip at a time: three times as fast as a canvas, where the browser can. It sees the rows
 * as they are stored, whatever EXIF says.
 */
class Copies {
    /**
     * @param {Shown} shown
     * @returns {Copies | null} null where this browser cannot
     */
    static of(shown) {
        try {
            const frame = new VideoFrame(shown.source, { timestamp: 0 });
            const { width, height } = frame.visibleRect ?? { width: 0, height: 0 };
            if (frame.format !== null && frame.format in BLUE_FIRST && width === shown.width && height === shown.height) {
                return new Copies(shown, frame);
            }
            frame.close();
        } catch {
            // No VideoFrame, or not of pictures.
        }
        return null;
    }

    /**
     * @param {Shown} shown
     * @param {VideoFrame} frame
     */
    constructor(shown, frame) {
        this._shown = shown;
        this._frame = frame;
        this._blueFirst = BLUE_FIRST[frame.format ?? ""];
        this._bytes = new Uint8Array(4 * shown.width * STRIP_ROWS);
    }

    /**
     * @param {number} top
     * @returns {Promise<Strip>} overwritten by the next
     */
    async read(top) {
        const { width, height } = this._shown;
        const rows = Math.min(STRIP_ROWS, height - top);
        const layout = [{ offset: 0, stride: 4 * width }];
        await this._frame.copyTo(this._bytes, { rect: { x: 0, y: top, width, height: rows }, layout });
        return { bytes: this._bytes.subarray(0, 4 * width * rows), blueFirst: this._blueFirst };
    }

    close() {
        this._frame.close();
    }
}

/**
 * @param {import("./kernel.js").Pixels} pixels
 * @param {Strips | Copies} strips
 * @param {string} ground
 * @param {(share: number) => Promise<void>} step called after each strip; throws when somebody cancelled
 */
async function read(pixels, strips, ground, step) {
    pixels.rewind();
    for (let top = 0; top < pixels.height; top += STRIP_ROWS) {
        const { bytes, blueFirst } = await strips.read(top, ground);
        pixels.take(bytes, blueFirst);
        await step(Math.min(1, (top + STRIP_ROWS) / pixels.height));
    }
}

/**
 * @param {import("./kernel.js").Pixels} pixels
 * @param {Strips} strips
 * @returns {boolean} whether something is transparent
 */
function isTransparent(pixels, strips) {
    for (let top = 0; top < pixels.height; top += STRIP_ROWS) {
        if (pixels.lowestAlpha(strips.read(top, "").bytes) < OPAQUE) return true;
    }
    return false;
}

/**
 * @param {import("./kernel.js").Pixels} pixels
 * @returns {Generator<Hash>}
 */
function* cropsIn(pixels) {
    for (const { variant, rectangle } of cropsOf(pixels.width, pixels.height)) {
        const { quality, value } = pixels.hashCrop(rectangle);
        if (quality >= MIN_QUALITY) {
            yield { type: "pdq", value, quality, variant };
        }
    }
}

/**
 * @param {number} quality
 * @param {string[]} values the kernel's eight
 * @returns {Hash[]} labelled
 */
export function formsOf(quality, values) {
    return values.map((value, form) => ({ type: "pdq", value, quality, variant: FORMS[form] }));
}

/**
 * Hash what a viewer would see: once, or over white and over black.
 *
 * @param {WebAssembly.Module} module
 * @param {Shown} shown
 * @param {{alpha: boolean, crops: boolean, step: (share: number) => Promise<void>}} options
 * @returns {Promise<Hash[][]>} for each rendering of usable quality its eight forms, and its crops if wanted
 */
export async function renderings(module, shown, { alpha, crops, step }) {
    const pixels = pixelsFor(module, shown.width, shown.height);
    const strips = (shown.storedUpright === true ? Copies.of(shown) : null) ?? new Strips(shown);
    const found = [];
    try {
        const grounds = alpha && strips instanceof Strips && isTransparent(pixels, strips) ? GROUNDS : [GROUNDS[0]];
        for (const ground of grounds) {
            await read(pixels, strips, ground, step);
            const { quality, values } = pixels.hash();
            if (quality >= MIN_QUALITY) {
                const forms = formsOf(quality, values);
                found.push(crops ? [...forms, ...cropsIn(pixels)] : forms);
            }
        }
    } finally {
        strips.close();
    }
    return found;
}

/**
 * @param {string} one 64 hexadecimal digits
 * @param {string} other
 * @returns {number} bits in which they differ
 */
export function distance(one, other) {
    let bits = 0;
    for (let at = 0; at < one.length; at += 8) {
        let differ = parseInt(one.slice(at, at + 8), 16) ^ parseInt(other.slice(at, at + 8), 16);
        for (; differ !== 0; differ &= differ - 1) {
            bits += 1;
        }
    }
    return bits;
}
