// SPDX-License-Identifier: Apache-2.0
/**
 * From a frame of a video to its hashes; runs in the worker.
 *
 * PDQ looks at brightness, and a video stores brightness. It is taken as it is stored, because the way through RGB
 * depends on the matrix that a browser assumes: up to 18 bits between two that both look right. Where only RGB can be
 * had (decoded by the graphics card, turned, or an old browser) the weights of the matrix give the brightness back.
 */

import { STRIP_ROWS, pixelsFor } from "./kernel.js";
import { MIN_QUALITY, Strips, formsOf } from "./pictures.js";

/** Weights of red, green and blue in brightness, in ten thousandths. Source: ITU-R BT.601-7, BT.709-6, BT.2020-2. */
const WEIGHTS = /** @type {Record<string, readonly [number, number, number]>} */ ({
    bt601: [2990, 5870, 1140],
    bt709: [2126, 7152, 722],
    "bt2020-ncl": [2627, 6780, 593],
});

/** From this height on, videos that do not say otherwise are of HDTV's matrix. */
const HDTV_ROWS = 720;

/** Formats whose first plane is brightness, eight bits a value. */
const WITH_LUMA = new Set(["I420", "I420A", "I422", "I444", "NV12"]);

/** @typedef {import("./pictures.js").Hash} Hash */

/**
 * @param {any} frame a VideoFrame or an ImageBitmap
 * @param {number} width of the video as it is shown
 * @param {number} height
 * @returns {boolean} whether the stored rows are the shown rows
 */
function isAsShown(frame, width, height) {
    const { visibleRect: seen, rotation = 0, flip = false } = frame;
    return WITH_LUMA.has(frame.format) && seen.width === width && seen.height === height && rotation === 0 && !flip;
}

/**
 * @param {any} frame a VideoFrame or an ImageBitmap
 * @param {number} height
 * @returns {readonly [number, number, number]}
 */
function weightsOf(frame, height) {
    const matrix = frame.colorSpace?.matrix ?? (height >= HDTV_ROWS ? "bt709" : "bt601");
    return WEIGHTS[matrix] ?? WEIGHTS.bt601;
}

/**
 * @param {WebAssembly.Module} module
 * @param {any} frame a VideoFrame or an ImageBitmap
 * @param {number} width of the video as it is shown
 * @param {number} height
 * @returns {Promise<Hash[]>} its eight forms; none where it says too little
 */
export async function frameHashes(module, frame, width, height) {
    const pixels = pixelsFor(module, width, height);
    if (isAsShown(frame, width, height)) {
        const planes = new Uint8Array(frame.allocationSize());
        const [luma] = await frame.copyTo(planes);
        pixels.takeLuma(planes.subarray(luma.offset), luma.stride, frame.colorSpace.fullRange === true);
    } else {
        const strips = new Strips({ width, height, source: frame });
        const weights = weightsOf(frame, height);
        for (let top = 0; top < height; top += STRIP_ROWS) {
            pixels.takeWeighed(strips.read(top, "").bytes, weights);
        }
    }
    const { quality, values } = pixels.hash();
    return quality < MIN_QUALITY ? [] : formsOf(quality, values);
}
