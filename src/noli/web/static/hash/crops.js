// SPDX-License-Identifier: Apache-2.0
// Made from noli/hashing/variants.py by `make reference`; change that instead.

/** A crop that leaves more than this share of the area is not made. */
export const SAME_PICTURE = 0.985;

/** Shares cut from each side; or width and height of the shape cut from the middle. */
export const CROPS = [
    {"variant": "inset-2", "left": 0.02, "top": 0.02, "right": 0.02, "bottom": 0.02, "shape": [0, 0]},
    {"variant": "inset-5", "left": 0.05, "top": 0.05, "right": 0.05, "bottom": 0.05, "shape": [0, 0]},
    {"variant": "inset-10", "left": 0.1, "top": 0.1, "right": 0.1, "bottom": 0.1, "shape": [0, 0]},
    {"variant": "without-left-5", "left": 0.05, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-right-5", "left": 0.0, "top": 0.0, "right": 0.05, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-top-5", "left": 0.0, "top": 0.05, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-bottom-5", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.05, "shape": [0, 0]},
    {"variant": "without-left-10", "left": 0.1, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-right-10", "left": 0.0, "top": 0.0, "right": 0.1, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-top-10", "left": 0.0, "top": 0.1, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-bottom-10", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.1, "shape": [0, 0]},
    {"variant": "without-top-20", "left": 0.0, "top": 0.2, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "without-bottom-20", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.2, "shape": [0, 0]},
    {"variant": "upper-half", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.5, "shape": [0, 0]},
    {"variant": "lower-half", "left": 0.0, "top": 0.5, "right": 0.0, "bottom": 0.0, "shape": [0, 0]},
    {"variant": "aspect-9-16", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [9, 16]},
    {"variant": "aspect-3-4", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [3, 4]},
    {"variant": "aspect-4-5", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [4, 5]},
    {"variant": "aspect-1-1", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [1, 1]},
    {"variant": "aspect-4-3", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [4, 3]},
    {"variant": "aspect-16-9", "left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0, "shape": [16, 9]},
];
