// SPDX-License-Identifier: Apache-2.0
// Comfort for who works in the console all day: keys, local times, a warning before the session ends.
// Every page works without it. Texts come from the page; nothing is fetched and nothing is written as markup.

const KEYS_OFF = "noli-keys-off";

/** Keep single keys from doing anything where somebody types or holds a modifier. */
function typing(event) {
  const target = event.target;
  const field = target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
  return Boolean(field) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
}

function keysOff() {
  try {
    return localStorage.getItem(KEYS_OFF) === "1";
  } catch {
    return false; // Storage can be forbidden; keys then work.
  }
}

/** Move the focus along the list of cases. */
function move(step) {
  const links = [...document.querySelectorAll("#cases a.open")];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(Math.max(at + step, 0), links.length - 1);
  links[next].focus();
}

function focus(id) {
  const found = document.getElementById(id);
  if (!found) return;
  found.focus();
  found.scrollIntoView({ block: "center" });
}

/** Choose one of the prepared decisions, and go to the button that decides. */
function choose(key) {
  const form = document.querySelector("#many:has(.queue :checked)") ?? document.querySelector(".held form, form#decide");
  const found = form?.querySelector(`input[data-key="${key}"]`);
  if (!found) return false;
  found.checked = true;
  found.dispatchEvent(new Event("change", { bubbles: true }));
  const reason = form.querySelector("textarea[required]");
  (reason ?? form.querySelector("button.main")).focus();
  return true;
}

/** Choose the notice that has the focus, to decide about several. */
function pick() {
  const row = document.activeElement?.closest(".queue li");
  const box = row?.querySelector(".pick input");
  if (box) box.checked = !box.checked;
}

const ACTIONS = {
  j: () => move(1),
  k: () => move(-1),
  "/": () => focus("number"),
  r: () => focus("reply"),
  n: () => focus("note"),
  u: () => document.getElementById("back")?.click(),
  t: () => document.getElementById("take")?.click(),
  x: () => pick(),
  z: () => document.getElementById("undo")?.click(),
  "?": () => document.getElementById("keys")?.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (typing(event) || keysOff() || document.querySelector("dialog[open]")) return;
  if (/^[0-9]$/.test(event.key) && choose(event.key)) {
    event.preventDefault();
    return;
  }
  const action = ACTIONS[event.key];
  if (!action || !document.getElementById("keys")) return;
  event.preventDefault();
  action();
});

/** Write how long until a time, as the server does: always as wide. */
function duration(left) {
  const sign = left < 0 ? "-" : "";
  const seconds = Math.abs(left);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  if (hours >= 100) return `${sign}${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
  return `${sign}${two(hours)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Let count-downs run. Only their text changes, so that nothing on the page moves. */
function countDown() {
  const times = [...document.querySelectorAll("time[data-count]")].map((time) => [time, Date.parse(time.dateTime)]);
  if (times.length === 0) return;
  // The server's clock counts, not the reader's.
  const now = Date.parse(document.querySelector("[data-now]")?.dataset.now ?? "");
  const offset = Number.isNaN(now) ? 0 : now - Date.now();
  const tick = () => {
    for (const [time, at] of times) {
      const left = Math.trunc((at - Date.now() - offset) / 1000);
      time.textContent = duration(left);
      time.classList.toggle("over", left < 0);
      time.classList.toggle("last", left >= 0 && left < 3600);
      time.classList.toggle("soon", left >= 3600 && left < 21600);
      const undo = time.closest("[data-undo]");
      if (undo && left <= 0) undo.hidden = true;
    }
  };
  tick();
  setInterval(tick, 1000);
}

/** Show times in the reader's own zone; the page says UTC. */
function localTimes() {
  // The page's language, in the reader's own way of writing dates where there are several.
  const page = document.documentElement.lang;
  const own = navigator.languages.find((tag) => tag === page || tag.startsWith(`${page}-`));
  const form = new Intl.DateTimeFormat(own ?? page, { dateStyle: "medium", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]:not([data-count])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title = time.textContent;
    time.textContent = form.format(at);
  }
}

/** Say so before the session ends: a page that is only looked at keeps no session alive. */
function warnBeforeTheEnd() {
  const box = document.getElementById("ending");
  if (!box) return;
  setTimeout(() => {
    box.textContent = box.dataset.text;
  }, Number(box.dataset.after) * 1000);
}

/** Take a set-up token out of the address, where it would stay in the history. */
function tokenFromAddress() {
  const field = document.getElementById("token");
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return;
  history.replaceState(null, "", location.pathname + location.search);
  if (field instanceof HTMLInputElement && !field.value) field.value = given;
}

/** Let single keys be turned off (WCAG 2.1.4). */
function keysSetting() {
  const box = document.getElementById("keys-on");
  if (!(box instanceof HTMLInputElement)) return;
  box.disabled = false;
  box.checked = !keysOff();
  box.addEventListener("change", () => {
    try {
      if (box.checked) localStorage.removeItem(KEYS_OFF);
      else localStorage.setItem(KEYS_OFF, "1");
    } catch {
      box.checked = true;
    }
  });
}

/** Let a preview stand on one page, once: leaving it, coming back, or a possible minor ends the display at once. */
function showOnce() {
  const image = document.querySelector(".preview");
  if (!image) return;
  const here = new URL(location.href);
  for (const name of ["look", "moment", "at", "proof"]) here.searchParams.delete(name);
  history.replaceState(null, "", here);
  const end = () => image.remove();
  globalThis.addEventListener("pagehide", end);
  document.addEventListener("submit", end);
}

/** Let a blurred preview be clear for as long as a key or the button is held. */
function holdToSee() {
  const image = document.querySelector(".preview.blurred");
  if (!image) return;
  const clear = (on) => image.classList.toggle("clear", on);
  document.addEventListener("keydown", (event) => {
    if (event.key === "v" && !typing(event) && !keysOff()) clear(true);
  });
  document.addEventListener("keyup", () => clear(false));
  globalThis.addEventListener("blur", () => clear(false));
  const button = document.querySelector("[data-clear]");
  for (const [name, on] of [["pointerdown", true], ["pointerup", false], ["pointerleave", false], ["pointercancel", false]]) {
    button?.addEventListener(name, () => clear(on));
  }
}

/** Let parts of a text be copied each by a button; where a browser forbids it they are selected instead. */
function copyParts() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const part = document.getElementById(button.dataset.copy);
    const status = button.closest(".parts").querySelector("[role=status]");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(part.textContent); // Without https there is no clipboard: that throws, too.
        status.textContent = `${status.dataset.copied} ${document.getElementById(`${part.id}-name`).textContent}`;
      } catch {
        getSelection().selectAllChildren(part);
        status.textContent = status.dataset.kept;
      }
    });
  }
}

localTimes();
copyParts();
countDown();
showOnce();
holdToSee();
warnBeforeTheEnd();
tokenFromAddress();
keysSetting();
