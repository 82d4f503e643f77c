// SPDX-License-Identifier: Apache-2.0
/** Adds pictures and videos to a case. */

import { leaving } from "./page.js";
import { Picker } from "./picker.js";
import { text } from "./texts.js";
import { Unsent, send } from "./transport.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("#add"));
const said = /** @type {HTMLElement} */ (form.querySelector("#sending"));
const error = /** @type {HTMLElement} */ (form.querySelector("[data-error]"));
const button = /** @type {HTMLButtonElement} */ (form.querySelector("[data-send]"));
const picker = new Picker(/** @type {HTMLElement} */ (form.querySelector("[data-picker]")));

const adult = /** @type {HTMLElement} */ (form.querySelector("[data-adult]"));
const onward = /** @type {HTMLElement} */ (form.querySelector("[data-onward]"));

form.hidden = false;

// Who is or may be under 18 is asked before a file can be chosen, as on the way to a case.
form.addEventListener("change", (event) => {
    const given = /** @type {HTMLInputElement} */ (event.target);
    if (given.name !== "age") return;
    adult.hidden = given.value !== "adult";
    onward.hidden = !adult.hidden;
    if (adult.hidden) picker.clear();
    else picker.prepare();
});
leaving.addEventListener("leave", () => picker.clear());

/** @param {string} message */
function complain(message) {
    error.textContent = message;
    error.hidden = message === "";
}

/** @returns {string} why nothing can be sent yet, or nothing */
function wrong() {
    return picker.busy ? text("error-busy") : picker.items().length === 0 ? text("error-files") : "";
}

// What was complained of may be over by now.
picker.addEventListener("change", () => {
    if (error.textContent !== wrong()) complain("");
});

form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    complain(wrong());
    if (!error.hidden) return;
    button.disabled = true;
    said.textContent = text("sending");
    try {
        await send("/status/items", JSON.stringify({ csrf: form.dataset.csrf, age: "adult", items: picker.items() }));
        picker.clear();
        location.replace(form.dataset.to ?? "/status");
    } catch (refusal) {
        said.textContent = "";
        complain(refusal instanceof Unsent ? refusal.message : text("unavailable"));
        button.disabled = false;
    }
});
