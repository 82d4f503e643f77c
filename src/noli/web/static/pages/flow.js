// SPDX-License-Identifier: Apache-2.0
/**
 * The way to a case as one page: a question at a time, nothing asked of the server until it is sent.
 *
 * All answers live in this page's memory; closing the tab leaves nothing anywhere. The address stays the same on the
 * whole way, and the browser's "back" goes one question back.
 */

import { leaving } from "./page.js";
import { Picker } from "./picker.js";
import { Prover } from "./prover.js";
import { text } from "./texts.js";
import { Unsent, send } from "./transport.js";

const MAX_LINKS = 50;
const TOKEN_BYTES = 32;

const form = /** @type {HTMLFormElement} */ (document.querySelector("#go"));
/** @type {Map<string, HTMLElement>} */
const sections = new Map([...document.querySelectorAll("[data-step]")].map((each) => [each.getAttribute("data-step") ?? "", /** @type {HTMLElement} */ (each)]));
const order = [...sections.keys()].filter((name) => name !== "done");
const variants = ["files", "links", "threat"];
const picker = new Picker(/** @type {HTMLElement} */ (form.querySelector("[data-picker]")));
const said = /** @type {HTMLElement} */ (document.querySelector("#sending"));

/** @type {Prover | undefined} */
let prover;
/** Made when something is first about to be sent, kept for every further try, forgotten with the receipt. */
let token = "";
let current = "who";

/**
 * @param {string} name
 * @returns {string}
 */
function answer(name) {
    const control = form.elements.namedItem(name);
    return control === null ? "" : /** @type {RadioNodeList | HTMLInputElement} */ (control).value.trim();
}

/** @returns {string[]} */
function links() {
    return answer("situation") === "links" ? answer("links").split("\n").map((line) => line.trim()).filter((line) => line !== "") : [];
}

/** @returns {string[]} */
function consents() {
    const wanted = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("[name=consent]:checked"));
    const files = answer("situation") === "files";
    return [...wanted].map((box) => box.value).filter((value) => files || value === "helplines");
}

/** @returns {string[]} the steps of this person's way */
function way() {
    return order.filter((name) => !variants.includes(name) || name === answer("situation"));
}

/** @returns {string} what is wrong with the answers of a step, or nothing */
function wrong(/** @type {string} */ step) {
    switch (step) {
        case "who":
            if (answer("reporter") === "") return text("error-choose");
            return answer("reporter") !== "depicted-person" && answer("representative") === "" ? text("error-name") : "";
        case "age":
        case "delay":
        case "recovery":
            return answer(step) === "" ? text("error-choose") : "";
        case "have":
            return answer("situation") === "" ? text("error-choose") : "";
        case "files":
            return picker.busy ? text("error-busy") : picker.items().length === 0 ? text("error-files") : "";
        case "links":
            if (links().length > MAX_LINKS) return text("error-links-many");
            return links().length === 0 || !links().every(isAddress) ? text("error-links") : "";
        case "consent":
            return answer("situation") === "files" && !consents().includes("here") ? text("error-consent") : "";
        default:
            return "";
    }
}

/** @param {string} link */
function isAddress(link) {
    try {
        return ["http:", "https:"].includes(new URL(link).protocol) && !/\s/.test(link);
    } catch {
        return false;
    }
}

/**
 * @param {string} name
 * @param {{focus?: boolean, keep?: boolean}} [options] `keep` leaves the server's complaint
 */
function show(name, { focus = true, keep = false } = {}) {
    current = name;
    for (const [each, section] of sections) {
        section.hidden = each !== name;
        const fields = section.querySelector("fieldset");
        if (fields !== null) fields.disabled = false; // only what is shown can be reached; all of it is read
    }
    if (!keep) complain("");
    document.querySelector(".top nav")?.toggleAttribute("hidden", name !== "who");
    for (const only of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-for]"))) {
        only.hidden = only.dataset.for !== answer("situation");
    }
    if (name === "send") prepareToSend();
    if (focus) {
        /** @type {HTMLElement} */ (sections.get(name)?.querySelector("h1")).focus({ preventScroll: true });
        scrollTo(0, 0);
    }
}

/** @param {string} message */
function complain(message) {
    const error = sections.get(current)?.querySelector("[data-error]");
    if (!(error instanceof HTMLElement)) return;
    error.textContent = message;
    error.hidden = message === "";
    if (message !== "") error.scrollIntoView({ block: "center" });
}

function forward() {
    const problem = wrong(current);
    if (problem !== "") {
        complain(problem);
        return;
    }
    if (current === "age" && answer("age") !== "adult") {
        picker.clear();
        location.replace(form.dataset.other ?? "/other-help");
        return;
    }
    const steps = way();
    const next = steps[steps.indexOf(current) + 1];
    history.pushState({ step: next }, "");
    show(next);
}

function back() {
    const steps = way();
    const before = steps[steps.indexOf(current) - 1] ?? "have";
    history.pushState({ step: before }, "");
    show(before);
}

/** @returns {Promise<string>} the whole message, as it is sent */
async function message() {
    if (token === "") {
        const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
        token = btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    }
    prover ??= startProver();
    const mine = answer("reporter") === "depicted-person";
    return JSON.stringify({
        age: answer("age"),
        situation: answer("situation"),
        language: document.documentElement.lang,
        reporter: answer("reporter"),
        representative: mine ? "" : answer("representative"),
        items: answer("situation") === "files" ? picker.items() : [],
        links: links(),
        consents: consents(),
        contact: answer("contact"),
        narrative: answer("narrative"),
        recovery: answer("recovery"),
        delay: answer("delay"),
        token,
        proof: await prover.proof(),
    });
}

function startProver() {
    const { challenge = "", bits = "0", expires = "" } = form.dataset;
    return new Prover({ text: challenge, bits: Number(bits), expires });
}

async function prepareToSend() {
    const files = answer("situation") === "files";
    const counted = { pictures: files ? picker.items().length : 0, links: links().length };
    for (const [name, count] of Object.entries(counted)) {
        const line = /** @type {HTMLElement} */ (document.querySelector(`[data-sent=${name}]`));
        line.hidden = count === 0;
        line.textContent = text(count === 1 ? `${name}-one` : `${name}-many`, { n: count });
    }
    nameFailed(files ? picker.failed() : []);
    network();
    const bytes = /** @type {HTMLElement} */ (document.querySelector("#bytes"));
    const body = /** @type {HTMLElement} */ (document.querySelector("#body"));
    body.textContent = "";
    try {
        const whole = await message();
        body.textContent = whole;
        bytes.textContent = (bytes.dataset.bytes ?? "").replace("{n}", String(new TextEncoder().encode(whole).length));
    } catch {
        body.textContent = text("offline");
    }
}

/**
 * Say before and after sending which files are not protected: a batch may hold some that could not be read.
 *
 * @param {string[]} names
 */
function nameFailed(names) {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-failed]"))) {
        place.hidden = names.length === 0;
        /** @type {HTMLElement} */ (place.querySelector("ul")).replaceChildren(
            ...names.map((name) => {
                const line = document.createElement("li");
                line.append(document.createElement("bdi"));
                /** @type {HTMLElement} */ (line.firstChild).textContent = name;
                return line;
            }),
        );
    }
}

function network() {
    const said = /** @type {HTMLElement} */ (document.querySelector("#network"));
    said.textContent = (navigator.onLine ? said.dataset.online : said.dataset.offline) ?? "";
}

async function submit() {
    const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-send]"));
    if (button.disabled) return; // pressed twice
    button.disabled = true;
    complain("");
    said.textContent = text("proving");
    try {
        const body = await message().catch(() => {
            throw new Unsent(text("offline"), "offline");
        });
        said.textContent = text("sending");
        done(await send("/go/send", body));
    } catch (refusal) {
        said.textContent = "";
        complain(refusal instanceof Unsent ? refusal.message : text("unavailable"));
        // Whatever was wrong with it, a fresh proof costs little.
        if (refusal instanceof Unsent && refusal.code === "invalid-input") await prover?.renew().catch(() => undefined);
    } finally {
        button.disabled = false;
    }
}

/** @param {{number: string, passphrase: string, recovery_code: string}} receipt */
function done(receipt) {
    for (const [name, value] of Object.entries(receipt)) {
        const place = document.querySelector(`[data-part="${name}"]`);
        if (place !== null) place.textContent = value;
    }
    document.querySelector('[data-part="recovery"]')?.toggleAttribute("hidden", receipt.recovery_code === "");
    forget();
    form.remove();
    history.replaceState({ step: "done" }, "");
    addEventListener("beforeunload", unsaved);
    show("done");
}

/** @param {BeforeUnloadEvent} event */
function unsaved(event) {
    event.preventDefault();
}

function forget() {
    token = "";
    picker.clear();
    form.reset();
}

form.addEventListener("submit", (event) => {
    event.preventDefault();
    const by = /** @type {SubmitEvent} */ (event).submitter;
    if (by?.hasAttribute("data-back")) {
        back();
    } else if (current === "send") {
        submit();
    } else {
        forward();
    }
});
// Return in a text field presses the first button of the form, which is one of a hidden step: it goes on from this one.
form.addEventListener("keydown", (event) => {
    const into = event.target;
    if (event.key === "Enter" && into instanceof HTMLInputElement && into.type !== "file") {
        event.preventDefault();
        if (!into.matches("[data-label]")) current === "send" ? submit() : forward();
    }
});
// What was complained of may be over by now.
picker.addEventListener("change", () => {
    const error = sections.get(current)?.querySelector("[data-error]");
    if (current === "files" && error?.textContent !== wrong(current)) complain("");
});
addEventListener("popstate", ({ state }) => {
    if (current === "done") return;
    show(order.includes(state?.step) ? state.step : "who");
});
addEventListener("online", network);
addEventListener("offline", network);
for (const link of document.querySelectorAll("[data-kept]")) {
    link.addEventListener("click", () => removeEventListener("beforeunload", unsaved));
}
leaving.addEventListener("leave", () => {
    removeEventListener("beforeunload", unsaved);
    forget();
});

for (const field of form.querySelectorAll("[data-carried]")) field.remove(); // the questions themselves hold it
for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-scripted], [data-unscripted]"))) {
    part.hidden = part.hasAttribute("data-unscripted");
}
current = order.find((name) => sections.get(name)?.hidden === false) ?? "who";
history.replaceState({ step: current }, "");
show(current, { focus: false, keep: true });
picker.prepare();
// The challenge is worked on while the first questions are read.
prover = startProver();
