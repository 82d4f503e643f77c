# SPDX-License-Identifier: Apache-2.0
"""axe-core on a page: what it finds as the page is shown, and which colours are wrong in another theme."""

from functools import cache
from importlib.resources import files
from typing import Any

#: What a program can check of WCAG 2.2 AA, and what is good besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: Rules about colours, in which alone the themes differ: tests/docs/test_themes.py sees to that, so the others
#: (names, roles, order, sizes, languages) cannot come out otherwise in the dark.
COLOURS = ["color-contrast", "link-in-text-block"]


@cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


# Elements with a text of their own, one for each way of tags, classes and states to the root: others on the same way
# get their colours from the same lines of the style sheet.
_ONE_OF_EACH = """() => {
  const way = (element) => {
    const stated = ["class", "type", "open", "disabled", "readonly", "aria-current", "aria-invalid"];
    let said = "";
    for (let at = element; at !== document.documentElement; at = at.parentElement) {
      said += at.localName + stated.map((name) => at.getAttribute(name)).join() + Boolean(at.checked) + ">";
    }
    return said;
  };
  const found = new Map();
  for (const element of document.querySelectorAll("body *")) {
    const speaks = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
    if (speaks && !found.has(way(element))) found.set(way(element), element);
  }
  return [...found.values()];
}"""


def violations(page: Any, rules: list[str] = RULES) -> list[str]:
    """Return what breaks one of these rules or sets of rules; the page keeps axe until the next one is opened."""
    return _found(page, rules, "() => document")


def wrong_colours(page: Any) -> list[str]:
    """Return which colours are wrong in the theme that is shown; one element stands for all that look alike."""
    return _found(page, COLOURS, f"() => ({{ include: ({_ONE_OF_EACH})() }})")


def _found(page: Any, rules: list[str], where: str) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    # Nothing is loaded anew for it: our pages play nothing, and their styles are all on them.
    wanted = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate(f"(wanted) => axe.run(({where})(), wanted)", wanted)
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:120]} {each['nodes'][0]['failureSummary'][:200]}"
        for each in found["violations"]
    ]
