# SPDX-License-Identifier: Apache-2.0
"""axe-core on a page: what it finds as the page is shown, and then in the dark."""

from functools import cache
from importlib.resources import files
from typing import Any

#: What a program can check of WCAG 2.2 AA, and what is good besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: Rules about colours, in which alone the themes differ: tests/unit/web/test_themes.py sees to that, so the others
#: (names, roles, order, sizes, languages) cannot come out otherwise in the dark.
COLOURS = ["color-contrast", "link-in-text-block"]


@cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def violations(page: Any, rules: list[str] = RULES) -> list[str]:
    """Return what breaks one of these rules or sets of rules; the page keeps axe until the next one is opened."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    # Nothing is loaded anew for it: our pages play nothing, and their styles are all on them.
    wanted = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("(wanted) => axe.run(document, wanted)", wanted)
    return [
        f"{page.url}: {each['id']}: {each['nodes'][0]['html'][:120]} {each['nodes'][0]['failureSummary'][:200]}"
        for each in found["violations"]
    ]
