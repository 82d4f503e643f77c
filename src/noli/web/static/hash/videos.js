// SPDX-License-Identifier: Apache-2.0
/**
 * Frames of a video, about one a second, through the browser's own decoder: a `<video>` that is on no page is told to
 * seek, and what it shows is handed on. At most two frames are in memory, however long the video is.
 */

/**
 * Seconds between frames, the grid on which they lie, the most frames of one video, and the fewest of a short one.
 * noli/adapters/decode/videos.py looks at the same moments and more, so that page and server see the same frames.
 */
const STEP_S = 1;
const GRID_S = 0.25;
const MAX_FRAMES = 600;
const MIN_FRAMES = 3;

/** Milliseconds after which a browser that does not answer is taken to be unable to. */
const PATIENCE_MS = 20_000;
const UNASKED_MS = 3_000;

/** How often, and how long after one another, a frame is asked for that should be there. */
const ATTEMPTS = 20;
const BETWEEN_ATTEMPTS_MS = 25;

/** How far from the moment sought a frame may lie without doubt. */
const NEAR_MS = 250;

/** Longer than any video: seeking there makes a browser find out how long one without a stated length is. */
const FAR_S = 1e7;

/** @typedef {{frame: VideoFrame | ImageBitmap, width: number, height: number, at_ms: number, share: number}} Taken */

/** A video that cannot be read; `outcome` says why. */
export class Unreadable extends Error {
    /** @param {"unsupported" | "corrupt"} outcome */
    constructor(outcome) {
        super(outcome);
        this.outcome = outcome;
    }
}

/**
 * Wait for an event of the video.
 *
 * @param {HTMLVideoElement} video
 * @param {string} name
 * @param {AbortSignal} signal
 * @param {number} [patience_ms]
 * @returns {Promise<void>} rejected with the signal's reason, or `Unreadable`
 */
function event(video, name, signal, patience_ms = PATIENCE_MS) {
    return new Promise((resolve, reject) => {
        const over = new AbortController();
        /** @param {() => void} then */
        const finish = (then) => () => {
            over.abort();
            clearTimeout(timer);
            then();
        };
        const { signal: until } = over;
        const timer = setTimeout(finish(() => reject(new Unreadable("corrupt"))), patience_ms);
        video.addEventListener(name, finish(resolve), { signal: until });
        video.addEventListener("error", finish(() => reject(broken(video))), { signal: until });
        signal.addEventListener("abort", finish(() => reject(signal.reason)), { signal: until });
    });
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Unreadable}
 */
function broken(video) {
    const cannotRead = video.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    return new Unreadable(cannotRead ? "unsupported" : "corrupt");
}

/**
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function open(video, url, signal) {
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    const loaded = event(video, "loadeddata", signal);
    video.src = url;
    // Some phones load nothing until a video plays. Muted, it may.
    const unasked = setTimeout(() => video.play().then(() => video.pause(), () => undefined), UNASKED_MS);
    try {
        await loaded;
    } finally {
        clearTimeout(unasked);
    }
    video.pause();
    if (video.videoWidth === 0) {
        throw new Unreadable("unsupported"); // sound alone, or pictures in a form that this browser does not decode
    }
    if (!Number.isFinite(video.duration)) {
        const found = event(video, "durationchange", signal);
        video.currentTime = FAR_S;
        await found;
    }
}

/**
 * @param {number} duration seconds
 * @returns {number[]} when frames are taken
 */
export function momentsOf(duration) {
    const short = Math.max(GRID_S, Math.floor(duration / MIN_FRAMES / GRID_S) * GRID_S);
    const step = duration > MAX_FRAMES * STEP_S ? Math.ceil(duration / MAX_FRAMES) : Math.min(STEP_S, short);
    const count = Math.max(1, Math.min(MAX_FRAMES, Math.ceil(duration / step - 1e-6)));
    return Array.from({ length: count }, (_, number) => number * step);
}

/**
 * @param {HTMLVideoElement} video
 * @param {number} moment seconds
 * @param {AbortSignal} signal
 */
async function seek(video, moment, signal) {
    const arrived = event(video, "seeked", signal);
    video.currentTime = moment;
    await arrived;
}

/**
 * Take what the video shows, once that is what was sought: a video may say that it has arrived while its frame cannot
 * be had, or is still the one before. Where frames lie far apart the wait is in vain, and the one before is right.
 *
 * @param {HTMLVideoElement} video
 * @param {number} moment seconds
 * @returns {Promise<{frame: VideoFrame | ImageBitmap, at_ms: number}>}
 */
async function shown(video, moment) {
    for (let attempt = 1; typeof VideoFrame === "function" && attempt <= ATTEMPTS; attempt++) {
        try {
            const frame = new VideoFrame(video);
            const at_ms = Math.round(frame.timestamp / 1000);
            if (Math.abs(at_ms - moment * 1000) <= NEAR_MS || attempt === ATTEMPTS) return { frame, at_ms };
            frame.close();
        } catch {
            // Not there yet.
        }
        await new Promise((resolve) => setTimeout(resolve, BETWEEN_ATTEMPTS_MS));
    }
    try {
        return { frame: await createImageBitmap(video), at_ms: Math.round(video.currentTime * 1000) };
    } catch {
        throw new Unreadable("corrupt");
    }
}

/**
 * Take frames; whoever gets one closes it.
 *
 * @param {File} file
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Taken>} throws `Unreadable`, or the signal's reason
 */
export async function* framesOf(file, signal) {
    const video = document.createElement("video");
    const url = URL.createObjectURL(file);
    try {
        await open(video, url, signal);
        const moments = momentsOf(video.duration);
        for (const [number, moment] of moments.entries()) {
            await seek(video, moment, signal);
            const { frame, at_ms } = await shown(video, moment);
            const { videoWidth: width, videoHeight: height } = video;
            yield { frame, width, height, at_ms, share: (number + 1) / moments.length };
        }
    } finally {
        video.removeAttribute("src");
        video.load();
        URL.revokeObjectURL(url);
    }
}
