// SPDX-License-Identifier: Apache-2.0
/** Where the usual crops lie in a picture: `Crop.rectangle` in noli/hashing/variants.py, to the pixel. */

import { CROPS, SAME_PICTURE } from "./crops.js";

/** @typedef {(typeof CROPS)[number]} Crop */

/** @param {number} value */
const rounded = (value) => Math.floor(value + 0.5);

/**
 * @param {Crop} crop
 * @param {number} width
 * @param {number} height
 * @returns {[number, number, number, number] | null} left, top, right, bottom; null where hardly anything is cut away
 */
export function rectangle(crop, width, height) {
    let [left, top] = [rounded(crop.left * width), rounded(crop.top * height)];
    let [right, bottom] = [width - rounded(crop.right * width), height - rounded(crop.bottom * height)];
    const [across, down] = crop.shape;
    if (across > 0 && width * down > height * across) {
        const kept = rounded((height * across) / down);
        left = Math.floor((width - kept) / 2);
        right = left + kept;
    } else if (across > 0) {
        const kept = rounded((width * down) / across);
        top = Math.floor((height - kept) / 2);
        bottom = top + kept;
    }
    const kept = Math.max(0, right - left) * Math.max(0, bottom - top);
    return kept === 0 || kept > SAME_PICTURE * width * height ? null : [left, top, right, bottom];
}

/**
 * @param {number} width
 * @param {number} height
 * @returns {{variant: string, rectangle: [number, number, number, number]}[]} those that cut something away
 */
export function cropsOf(width, height) {
    return CROPS.flatMap((crop) => {
        const part = rectangle(crop, width, height);
        return part === null ? [] : [{ variant: crop.variant, rectangle: part }];
    });
}
