// SPDX-License-Identifier: Apache-2.0
/** Texts of the page's language: they stand in the page itself, so that all translations are in one place. */

/**
 * @param {string} name
 * @param {Record<string, string | number>} [values] for what stands in braces
 * @returns {string}
 */
export function text(name, values = {}) {
    const found = document.querySelector(`#texts [data-text="${name}"]`)?.textContent ?? name;
    return found.trim().replace(/\{(\w+)\}/g, (whole, key) => String(values[key] ?? whole));
}
