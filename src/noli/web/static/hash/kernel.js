// SPDX-License-Identifier: Apache-2.0
/**
 * The PDQ kernel (native/, compiled to pdq.wasm) over one picture.
 *
 * It has no allocator: this module lays out its memory. A picture is taken strip by strip, is held once, in three bytes
 * a pixel, and goes with the object.
 */

/** Rows of a strip: many enough to be quick, few enough to be small. A multiple of the kernel's largest block, 8. */
export const STRIP_ROWS = 128;

/** Rows of brightness taken at once. Padding at most triples a row, so they fit where a strip of RGBA does. */
const LUMA_ROWS = 32;

/** Names of the kernel's eight hashes, in its order: `DIHEDRAL` in noli/hashing/model.py. */
export const FORMS = Object.freeze([
    "original",
    "rotated-90",
    "rotated-180",
    "rotated-270",
    "flipped-vertical",
    "flipped-horizontal",
    "transposed",
    "transversed",
]);

const HASH_BYTES = 32;
const PAGE_BYTES = 1 << 16;
const ALIGNMENT = 16;

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Memory of the last small picture, kept for the next frame of the same size. @type {Pixels | undefined} */
let kept;
const MOST_KEPT_PIXELS = 9_000_000;

/**
 * @param {WebAssembly.Module} module
 * @param {number} width
 * @param {number} height
 * @returns {Pixels} empty
 * @throws {RangeError} the browser has not the memory
 */
export function pixelsFor(module, width, height) {
    if (kept?.width !== width || kept.height !== height) {
        kept = undefined;
        const made = new Pixels(module, width, height);
        kept = width * height <= MOST_KEPT_PIXELS ? made : undefined;
        return made;
    }
    kept.rewind();
    return kept;
}

export class Pixels {
    /**
     * @param {WebAssembly.Module} module
     * @param {number} width
     * @param {number} height
     * @throws {RangeError} the browser has not the memory
     */
    constructor(module, width, height) {
        this.width = width;
        this.height = height;
        /** @type {any} */
        this._kernel = new WebAssembly.Instance(module, {}).exports;
        this._denominator = this._kernel.denominator(height, width);
        this._planeWidth = Math.ceil(width / this._denominator);
        let end = this._kernel.__heap_base.value;
        /** @param {number} bytes */
        const area = (bytes) => {
            const at = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
            end = at + bytes;
            return at;
        };
        this._result = area(this._kernel.resultBytes());
        this._scratch = area(this._kernel.scratchBytes(height, width) >>> 0);
        this._plane = area(this._planeWidth * Math.ceil(height / this._denominator));
        this._strip = area(4 * width * STRIP_ROWS);
        this._rgb = area(3 * width * height);
        this._kernel.memory.grow(Math.ceil((end - this._kernel.memory.buffer.byteLength) / PAGE_BYTES));
        this._rows = 0;
    }

    /** Begin again with another picture of the same size. */
    rewind() {
        this._rows = 0;
    }

    /**
     * Take the next rows; all but the last strip have `STRIP_ROWS`.
     *
     * @param {Uint8Array | Uint8ClampedArray} rgba
     * @param {boolean} [blueFirst] whether it is BGRA
     */
    take(rgba, blueFirst = false) {
        const count = rgba.length / 4;
        this._kernel.pack(this._stage(rgba), count, blueFirst ? 1 : 0, this._next());
        this._shrink(count / this.width);
    }

    /**
     * Take the next rows of a video's frame.
     *
     * @param {Uint8ClampedArray} rgba
     * @param {readonly [number, number, number]} weights ten thousandths of red, green and blue in brightness
     */
    takeWeighed(rgba, weights) {
        const count = rgba.length / 4;
        this._kernel.packGrey(this._stage(rgba), count, ...weights, this._next());
        this._shrink(count / this.width);
    }

    /**
     * @param {Uint8ClampedArray} rgba
     * @returns {number} the lowest alpha among these pixels, 0-255
     */
    lowestAlpha(rgba) {
        return this._kernel.lowestAlpha(this._stage(rgba), rgba.length / 4);
    }

    /**
     * Take the brightness plane of a video's frame, all of it.
     *
     * @param {Uint8Array} luma
     * @param {number} stride bytes from row to row
     * @param {boolean} fullRange whether brightness fills 0-255 and not 16-235
     */
    takeLuma(luma, stride, fullRange) {
        for (let top = 0; top < this.height; top += LUMA_ROWS) {
            const rows = Math.min(LUMA_ROWS, this.height - top);
            const from = this._stage(luma.subarray(top * stride, top * stride + (rows - 1) * stride + this.width));
            this._kernel.packLuma(from, rows, this.width, stride, fullRange ? 1 : 0, this._next());
            this._shrink(rows);
        }
    }

    /**
     * @param {Uint8Array | Uint8ClampedArray} bytes
     * @returns {number} where the kernel finds them
     */
    _stage(bytes) {
        new Uint8Array(this._kernel.memory.buffer, this._strip, bytes.length).set(bytes);
        return this._strip;
    }

    /** @returns {number} where the next rows of the picture belong */
    _next() {
        return this._rgb + 3 * this.width * this._rows;
    }

    /** @param {number} rows that have been packed */
    _shrink(rows) {
        const plane = this._plane + (this._rows / this._denominator) * this._planeWidth;
        this._kernel.shrink(this._next(), rows, this.width, this._denominator, plane);
        this._rows += rows;
    }

    /** @returns {{quality: number, values: string[]}} the eight hashes in the order of `FORMS` */
    hash() {
        this._kernel.hash(this._rgb, this.height, this.width, this._scratch, this._result);
        return this._read();
    }

    /**
     * @param {[number, number, number, number]} rectangle left, top, right and bottom
     * @returns {{quality: number, value: string}}
     */
    hashCrop([left, top, right, bottom]) {
        const size = [this.height, this.width, this._denominator];
        this._kernel.hashCrop(this._plane, ...size, left, top, right, bottom, this._scratch, this._result);
        const { quality, values } = this._read();
        return { quality, value: values[0] };
    }

    _read() {
        const buffer = this._kernel.memory.buffer;
        const values = FORMS.map((_, form) => hex(new Uint8Array(buffer, this._result + form * HASH_BYTES, HASH_BYTES)));
        const quality = new DataView(buffer).getInt32(this._result + FORMS.length * HASH_BYTES, true);
        return { quality, values };
    }
}
