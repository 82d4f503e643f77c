// SPDX-License-Identifier: Apache-2.0
/** What every page has: the way out, times in the visitor's zone, copying and printing of receipts. */

const LEAVE = "/leave";

/** Milliseconds within which Escape is pressed three times. */
const THRICE_MS = 2000;

const button = /** @type {HTMLAnchorElement | null} */ (document.querySelector("#leave"));

/** Told before the page goes blank; whoever holds something in memory lets go of it. */
export const leaving = new EventTarget();

/** Who leaves in one tab leaves in all. */
const tabs = new BroadcastChannel("leave");
tabs.addEventListener("message", () => go());

/** Blank every open page, end the session, and put a neutral site in their place in the history. */
export function leave() {
    tabs.postMessage("");
    go();
}

function go() {
    leaving.dispatchEvent(new Event("leave"));
    document.title = "";
    document.body.classList.add("left");
    document.body.replaceChildren();
    // It ends the session and makes the browser forget us; it goes on after the page is gone.
    fetch(LEAVE, { keepalive: true, redirect: "manual", cache: "no-store" }).catch(() => undefined);
    const to = button?.dataset.to ?? LEAVE;
    // In a frame the page around it goes too, where the browser lets us: not for a key, without a click before it.
    try {
        if (top !== window) top?.location.replace(to);
    } catch {
        // It stays; what stood in the frame is gone all the same.
    }
    location.replace(to);
}

if (button !== null) {
    button.addEventListener("click", (event) => {
        event.preventDefault();
        leave();
    });
    /** @type {number[]} */
    let pressed = [];
    document.addEventListener("keydown", (event) => {
        if (event.repeat) return;
        const now = performance.now();
        pressed = event.key === "Escape" ? [...pressed.filter((at) => now - at < THRICE_MS), now] : [];
        if (pressed.length >= 3) leave();
    });
}

// A page from the back-and-forward cache would show what somebody has logged out of.
addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
});

for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
}

for (const control of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-print]"))) {
    control.hidden = false;
    control.addEventListener("click", () => print());
}

for (const control of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copy]"))) {
    if (navigator.clipboard === undefined) continue; // only over https and on this machine
    control.hidden = false;
    control.addEventListener("click", async () => {
        const shown = document.querySelectorAll(`${control.dataset.copy} > :not([hidden]), ${control.dataset.copy} > :not([hidden]) > *`);
        const lines = [...shown].filter((part) => part.matches("dt, dd")).map((part) => part.textContent?.trim());
        await navigator.clipboard.writeText(lines.join("\n"));
        const said = /** @type {HTMLElement | null} */ (control.parentElement?.querySelector("[data-copied]"));
        if (said) said.textContent = said.dataset.copied ?? "";
    });
}
