// SPDX-License-Identifier: Apache-2.0
// Passkeys: asks the device with what the page says, and sends its answer with the page's form. Nothing is fetched.

/** Turn base64url, as the options have it, into bytes, as the device wants them. */
function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (each) => each.codePointAt(0));
}

/** Turn a device's bytes into base64url, for the form. */
function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (each) => String.fromCodePoint(each)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function options(asked) {
  const made = JSON.parse(asked);
  made.challenge = bytes(made.challenge);
  if (made.user) made.user.id = bytes(made.user.id);
  for (const each of made.excludeCredentials ?? []) each.id = bytes(each.id);
  return made;
}

function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: {},
  });
}

async function ask(button) {
  const form = button.form;
  if (!form.reportValidity()) return;
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  button.disabled = true;
  try {
    const publicKey = options(button.dataset.asked);
    const credential = await navigator.credentials[button.dataset.passkey]({ publicKey });
    form.elements.answer.value = answer(credential);
    form.submit();
  } catch {
    // The person said no, has none, or the device failed: all look alike to us.
    failed.hidden = false;
  } finally {
    button.disabled = false;
  }
}

const button = document.querySelector("[data-passkey]");
// A passkey is bound to a name; under a bare address there are none.
const named = !/^[\d.]+$|:/.test(location.hostname);
if (button && named && globalThis.PublicKeyCredential) {
  button.hidden = false;
  button.disabled = false;
  const or = document.querySelector("[data-or]");
  if (or) or.hidden = false;
  button.addEventListener("click", () => void ask(button));
}
