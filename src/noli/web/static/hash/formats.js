// SPDX-License-Identifier: Apache-2.0
/**
 * What a file is, told from its first bytes and never from its name; and how many pixels it says it has, so that one
 * that is too large is turned away before anything is decoded.
 */

/** Bytes that are looked at: a JPEG's size stands behind its EXIF data and colour profile. */
export const HEAD_BYTES = 1 << 18;

/**
 * @typedef {object} Format
 * @property {"image" | "video"} kind
 * @property {string} name short, in lower case; "unknown" where it is none that is known
 * @property {string} type the media type that a decoder wants
 * @property {boolean} alpha whether pixels may be transparent
 */

/** @type {Record<string, Format>} */
const FORMATS = {
    jpeg: { kind: "image", name: "jpeg", type: "image/jpeg", alpha: false },
    png: { kind: "image", name: "png", type: "image/png", alpha: true },
    gif: { kind: "image", name: "gif", type: "image/gif", alpha: true },
    webp: { kind: "image", name: "webp", type: "image/webp", alpha: true },
    avif: { kind: "image", name: "avif", type: "image/avif", alpha: true },
    heic: { kind: "image", name: "heic", type: "image/heic", alpha: true },
    bmp: { kind: "image", name: "bmp", type: "image/bmp", alpha: true },
    tiff: { kind: "image", name: "tiff", type: "image/tiff", alpha: true },
    mp4: { kind: "video", name: "mp4", type: "video/mp4", alpha: false },
    webm: { kind: "video", name: "webm", type: "video/webm", alpha: false },
    ogg: { kind: "video", name: "ogg", type: "video/ogg", alpha: false },
    avi: { kind: "video", name: "avi", type: "video/x-msvideo", alpha: false },
    mpeg: { kind: "video", name: "mpeg", type: "video/mpeg", alpha: false },
};

/** @type {Format} */
const UNKNOWN = { kind: "image", name: "unknown", type: "", alpha: true };

/** Major brands of ISO base media files that are pictures (ISO/IEC 23008-12); every other one is a video. */
const HEIC_BRANDS = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"]);

/**
 * @param {Uint8Array} head the first bytes of a file
 * @param {number} at
 * @param {number} length
 * @returns {string} these bytes as Latin-1
 */
function text(head, at, length) {
    return String.fromCharCode(...head.subarray(at, at + length));
}

/**
 * @param {Uint8Array} head the first bytes of a file
 * @returns {Format}
 */
export function formatOf(head) {
    const start = text(head, 0, 4);
    if (start.startsWith("\xff\xd8\xff")) return FORMATS.jpeg;
    if (start === "\x89PNG") return FORMATS.png;
    if (start === "GIF8") return FORMATS.gif;
    if (start === "RIFF") return riff(text(head, 8, 4));
    if (start === "II*\0" || start === "MM\0*" || start === "II+\0" || start === "MM\0+") return FORMATS.tiff;
    if (start === "\x1a\x45\xdf\xa3") return FORMATS.webm;
    if (start === "OggS") return FORMATS.ogg;
    if (start === "\0\0\x01\xba" || start === "\0\0\x01\xb3") return FORMATS.mpeg;
    if (start.startsWith("BM")) return FORMATS.bmp;
    const box = text(head, 4, 4);
    if (box === "ftyp") return isoMedia(head);
    // QuickTime files of old cameras begin without a brand.
    if (box === "moov" || box === "mdat" || box === "wide" || box === "free" || box === "skip") return FORMATS.mp4;
    return UNKNOWN;
}

/**
 * @param {string} form
 * @returns {Format}
 */
function riff(form) {
    if (form === "WEBP") return FORMATS.webp;
    return form === "AVI " ? FORMATS.avi : UNKNOWN;
}

/**
 * @param {Uint8Array} head
 * @returns {Format}
 */
function isoMedia(head) {
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const brands = text(head, 8, Math.max(0, Math.min(view.getUint32(0), 256, head.length) - 8));
    const major = brands.slice(0, 4);
    if (major === "avif" || major === "avis") return FORMATS.avif;
    if (!HEIC_BRANDS.has(major)) return FORMATS.mp4;
    return major.endsWith("f1") && brands.includes("avi") ? FORMATS.avif : FORMATS.heic;
}

/**
 * @param {Format} format
 * @param {Uint8Array} head the first bytes of the file
 * @returns {number} width times height as the file states them; 0 where it does not, or not in these bytes
 */
export function statedPixels(format, head) {
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    try {
        switch (format.name) {
            case "jpeg":
                return jpegPixels(view);
            case "png":
                return view.getUint32(16) * view.getUint32(20);
            case "gif":
                return view.getUint16(6, true) * view.getUint16(8, true);
            case "bmp":
                return Math.abs(view.getInt32(18, true) * view.getInt32(22, true));
            case "webp":
                return webpPixels(view, text(head, 12, 4));
            case "avif":
            case "heic":
                return largestExtent(view, head);
            default:
                return 0;
        }
    } catch {
        return 0; // a file cut short; the decoder will say so
    }
}

/**
 * @param {DataView} view
 * @returns {number}
 */
function jpegPixels(view) {
    for (let at = 2; at + 9 < view.byteLength; ) {
        const marker = view.getUint16(at);
        // Start of frame: 0xffc0 to 0xffcf, but for the tables c4, c8 and cc.
        if (marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc) {
            return view.getUint16(at + 5) * view.getUint16(at + 7);
        }
        at += marker === 0xffff ? 1 : 2 + view.getUint16(at + 2);
    }
    return 0;
}

/**
 * @param {Uint8Array} head the first bytes of a JPEG
 * @returns {boolean} whether its EXIF data say that it is stored upright, or say nothing of it
 */
export function isStoredUpright(head) {
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    try {
        for (let at = 2; view.getUint16(at) !== START_OF_SCAN; at += 2 + view.getUint16(at + 2)) {
            if (view.getUint16(at) === APP1 && text(head, at + 4, 4) === "Exif") return orientation(view, at + 10) === 1;
        }
        return true;
    } catch {
        return false; // EXIF data that cannot be followed: the slower way is always right
    }
}

const APP1 = 0xffe1;
const START_OF_SCAN = 0xffda;
const ORIENTATION = 0x0112;

/**
 * @param {DataView} view
 * @param {number} start of the TIFF header
 * @returns {number} 1 where there is none. Source: EXIF 2.32, 4.6.2 and 4.6.4.A
 */
function orientation(view, start) {
    const little = view.getUint16(start) === 0x4949;
    const directory = start + view.getUint32(start + 4, little);
    const count = view.getUint16(directory, little);
    for (let entry = directory + 2; entry < directory + 2 + 12 * count; entry += 12) {
        if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
    }
    return 1;
}

/**
 * @param {DataView} view
 * @param {string} chunk
 * @returns {number}
 */
function webpPixels(view, chunk) {
    if (chunk === "VP8X") {
        const wide = view.getUint16(24, true) | (view.getUint8(26) << 16);
        const high = view.getUint16(27, true) | (view.getUint8(29) << 16);
        return (wide + 1) * (high + 1);
    }
    if (chunk === "VP8L") {
        const bits = view.getUint32(21, true);
        return ((bits & 0x3fff) + 1) * (((bits >>> 14) & 0x3fff) + 1);
    }
    return (view.getUint16(26, true) & 0x3fff) * (view.getUint16(28, true) & 0x3fff);
}

/**
 * The largest `ispe` property: a large picture is made of tiles with properties of their own.
 *
 * @param {DataView} view
 * @param {Uint8Array} head
 * @returns {number}
 */
function largestExtent(view, head) {
    let largest = 0;
    for (let at = head.indexOf(0x69); at >= 0 && at + 16 <= head.length; at = head.indexOf(0x69, at + 1)) {
        if (text(head, at, 4) === "ispe") {
            largest = Math.max(largest, view.getUint32(at + 8) * view.getUint32(at + 12));
        }
    }
    return largest;
}
