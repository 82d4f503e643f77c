// SPDX-License-Identifier: Apache-2.0
/**
 * Choosing and hashing pictures and videos. Nothing is shown of them, and nothing of them is kept but hashes, kind and
 * the person's own label.
 */

import { Hasher } from "../hash/hasher.js";
import { text } from "./texts.js";

/** Bounds of one submission. The same as in noli/casework/limits.py; a test compares them. */
export const MAX_ITEMS = 20;
export const MAX_HASHES = { image: 256, video: 6000 };

/** @typedef {[string, number, string] | [string, number, string, number]} SentHash */
/** @typedef {{kind: "image" | "video", label: string, hashes: SentHash[]}} SentItem */
/** @typedef {import("../hash/hasher.js").Result} Result */
/** @typedef {{element: HTMLElement, abort: AbortController, result: Result | undefined, file: File}} Chosen */

/** Outcomes after which another try may end in another way: memory may be free, the network back. */
const AGAIN = new Set(["cancelled", "corrupt", "too_large", "unsupported"]);
const STYLES = new Map([
    ["hashed", "state"],
    ["cancelled", "soft"],
]);

/** Tells with the event "change" that something is ready, has failed or is gone. */
export class Picker extends EventTarget {
    /** @param {HTMLElement} root the element with `data-picker` */
    constructor(root) {
        super();
        this._root = root;
        this._hasher = new Hasher();
        /** @type {Chosen[]} */
        this._chosen = [];
        this._made = 0;
        this._list = part(root, "list");
        this._template = /** @type {HTMLTemplateElement} */ (root.querySelector("template"));
        const input = /** @type {HTMLInputElement} */ (root.querySelector("input[type=file]"));
        input.addEventListener("change", () => {
            const files = [...(input.files ?? [])];
            input.value = "";
            this.add(files);
        });
    }

    /** Load what hashing needs; from then on it works without a network. */
    async prepare() {
        const ready = part(this._root, "ready");
        try {
            // The decoder for iPhone pictures is large: not where somebody saves data.
            const saves = /** @type {any} */ (navigator).connection?.saveData === true;
            await this._hasher.prepare();
            ready.textContent = text("can-hash");
            if (!saves) await this._hasher.prepare({ heic: true }).catch(() => undefined);
        } catch {
            ready.textContent = text("cannot-hash");
            ready.className = "error";
        }
    }

    /** @param {File[]} files */
    add(files) {
        const room = MAX_ITEMS - this._chosen.length;
        for (const file of files.slice(0, room)) this._begin(file);
        this._say(files.length > room ? text("too-many") : "");
    }

    /** Whether something is still in work. */
    get busy() {
        return this._chosen.some(({ result }) => result === undefined);
    }

    /** @returns {SentItem[]} what can be protected */
    items() {
        return this._chosen.flatMap(({ element, result }) =>
            result?.outcome === "hashed"
                ? [{ kind: result.kind, label: field(element).value.trim(), hashes: bounded(result) }]
                : [],
        );
    }

    /** @returns {string[]} the names of files that cannot be protected */
    failed() {
        return this._chosen.filter(({ result }) => result !== undefined && result.outcome !== "hashed").map(({ file }) => file.name);
    }

    /** Forget everything. */
    clear() {
        for (const { abort, element } of this._chosen) {
            abort.abort();
            element.remove();
        }
        this._chosen = [];
        this._hasher.close();
    }

    /** @param {File} file */
    _begin(file) {
        const piece = /** @type {DocumentFragment} */ (this._template.content.cloneNode(true));
        const element = /** @type {HTMLElement} */ (piece.firstElementChild);
        const chosen = { element, abort: new AbortController(), result: undefined, file };
        this._chosen.push(chosen);
        part(element, "file").textContent = file.name;
        const label = /** @type {HTMLLabelElement} */ (element.querySelector("label"));
        label.htmlFor = field(element).id = `label-${++this._made}`;
        this._list.append(element);
        part(element, "again").textContent = text("again");
        part(element, "again").onclick = () => {
            chosen.abort = new AbortController();
            chosen.result = undefined;
            this._hash(chosen);
            part(element, "remove").focus();
        };
        this._hash(chosen);
    }

    /** @param {Chosen} chosen */
    async _hash(chosen) {
        const { element, abort, file } = chosen;
        const progress = /** @type {HTMLProgressElement} */ (element.querySelector("progress"));
        const state = part(element, "state");
        progress.value = 0;
        progress.hidden = false;
        state.textContent = text("waiting");
        state.className = "soft";
        part(element, "naming").hidden = false;
        part(element, "again").hidden = true;
        this._number();
        this._button(chosen, "stop");
        const onProgress = (/** @type {number} */ share) => {
            progress.value = share;
            state.textContent = text("working");
        };
        /** @type {Result} */
        let result;
        try {
            result = await this._hasher.hash(file, { onProgress, signal: abort.signal });
        } catch {
            result = { kind: "image", outcome: "unsupported", hashes: [] };
        }
        chosen.result = result;
        progress.hidden = true;
        state.textContent = text(result.outcome);
        state.className = STYLES.get(result.outcome) ?? "error";
        part(element, "naming").hidden = result.outcome !== "hashed"; // what is not sent needs no name
        part(element, "again").hidden = !AGAIN.has(result.outcome);
        this._number();
        this._button(chosen, "remove");
        this._say("");
    }

    /**
     * @param {Chosen} chosen
     * @param {"stop" | "remove"} does
     */
    _button(chosen, does) {
        const button = /** @type {HTMLButtonElement} */ (part(chosen.element, "remove"));
        const name = part(chosen.element, "name").textContent;
        button.textContent = text(does);
        button.setAttribute("aria-label", `${text(does)}: ${name}`);
        button.onclick = () => {
            if (does === "stop") {
                chosen.abort.abort();
                return;
            }
            const next = chosen.element.nextElementSibling ?? chosen.element.previousElementSibling;
            chosen.element.remove();
            this._chosen = this._chosen.filter((each) => each !== chosen);
            this._number();
            this._say("");
            const focused = next === null ? this._root.querySelector("input[type=file]") : part(next, "remove");
            /** @type {HTMLElement} */ (focused).focus();
        };
    }

    _number() {
        this._chosen.forEach(({ element, result }, at) => {
            const kind = result === undefined || result.outcome === "unsupported" ? "file" : result.kind;
            const name = text(`name-${kind}`, { n: at + 1 });
            part(element, "name").textContent = name;
            element.querySelector("progress")?.setAttribute("aria-label", name);
            part(element, "again").setAttribute("aria-label", `${text("again")}: ${name}`);
        });
    }

    /** @param {string} more */
    _say(more) {
        const ready = this._chosen.filter(({ result }) => result?.outcome === "hashed").length;
        const counted = this._chosen.length === 0 ? "" : text("status", { ready, all: this._chosen.length });
        part(this._root, "status").textContent = `${counted} ${more}`.trim();
        this.dispatchEvent(new Event("change"));
    }
}

/**
 * What is sent of a result: as many hashes as are taken, of a long video frames at even distances.
 *
 * @param {Result} result
 * @returns {SentHash[]}
 */
export function bounded({ kind, hashes }) {
    const most = MAX_HASHES[kind];
    let kept = hashes;
    if (hashes.length > most && kind === "image") {
        kept = hashes.slice(0, most);
    } else if (hashes.length > most) {
        const times = [...new Set(hashes.map(({ at_ms }) => at_ms))];
        const every = Math.ceil(hashes.length / most);
        const shown = new Set(times.filter((_, at) => at % every === 0));
        kept = hashes.filter(({ at_ms }) => shown.has(at_ms)).slice(0, most);
    }
    return kept.map(({ value, quality, variant, at_ms }) =>
        kind === "video" ? [value, quality, variant, Math.round(at_ms ?? 0)] : [value, quality, variant],
    );
}

/**
 * @param {Element} root
 * @param {string} name
 * @returns {HTMLElement}
 */
function part(root, name) {
    return /** @type {HTMLElement} */ (root.querySelector(`[data-${name}]`));
}

/**
 * @param {Element} element
 * @returns {HTMLInputElement}
 */
function field(element) {
    return /** @type {HTMLInputElement} */ (element.querySelector("[data-label]"));
}
