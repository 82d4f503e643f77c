// SPDX-License-Identifier: Apache-2.0
/**
 * Does the proof of work in a worker while the person reads: the rule stands in noli/casework/work.py.
 *
 * SHA-256 is written out here, because the browser's own one answers in a later turn each time, which makes 200,000
 * tries a matter of minutes. Source: FIPS 180-4. Messages: `{text, bits}` in, the proof out.
 */

const K = new Int32Array(64);
const START = new Int32Array(8);

/** The first 32 bits of the fraction of a root of a prime, without rounding errors: 53 bits hold 21 + 32. */
function fraction(/** @type {number} */ root) {
    return ((root - Math.floor(root)) * 0x100000000) | 0;
}

for (let number = 2, found = 0; found < 64; number++) {
    let prime = true;
    for (let by = 2; by * by <= number; by++) if (number % by === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(number));
    K[found++] = fraction(Math.cbrt(number));
}

const schedule = new Int32Array(64);

/**
 * Add one block of 64 bytes to a state.
 *
 * @param {Int32Array} state
 * @param {Uint8Array} bytes
 * @param {number} at
 */
function compress(state, bytes, at) {
    const w = schedule;
    for (let i = 0; i < 16; i++, at += 4) {
        w[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i++) {
        const x = w[i - 15];
        const y = w[i - 2];
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + t2) | 0;
    }
    const sums = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < 8; i++) state[i] = (state[i] + sums[i]) | 0;
}

/**
 * Find the proof of a challenge.
 *
 * @param {string} text
 * @param {number} bits
 * @returns {string}
 */
export function solved(text, bits) {
    const head = new TextEncoder().encode(`${text}.`);
    const whole = head.length - (head.length % 64); // what is the same for every try is hashed once
    const before = START.slice();
    for (let at = 0; at < whole; at += 64) compress(before, head, at);
    const tail = head.subarray(whole);
    const block = new Uint8Array(128);
    const state = new Int32Array(8);
    for (let counter = 0; ; counter++) {
        const digits = String(counter);
        const length = tail.length + digits.length;
        const size = length + 9 > 64 ? 128 : 64;
        block.fill(0);
        block.set(tail);
        for (let i = 0; i < digits.length; i++) block[tail.length + i] = digits.charCodeAt(i);
        block[length] = 0x80;
        new DataView(block.buffer).setUint32(size - 4, (whole + length) * 8);
        state.set(before);
        compress(state, block, 0);
        if (size === 128) compress(state, block, 64);
        if (zeros(state) >= bits) return `${text}.${digits}`;
    }
}

/** @param {Int32Array} state */
function zeros(state) {
    let count = 0;
    for (const word of state) {
        count += Math.clz32(word);
        if (word !== 0) break;
    }
    return count;
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
    self.onmessage = ({ data }) => self.postMessage(solved(data.text, data.bits));
}
