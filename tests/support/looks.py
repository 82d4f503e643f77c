# SPDX-License-Identifier: Apache-2.0
"""One page, opened once, in every way in which people see it: each width, light and dark, what axe finds."""

from typing import Any

from tests.support.axe import violations, wrong_colours
from tests.support.browser import keep_shot

#: A desk, a tablet, a telephone, and the narrowest that WCAG 1.4.10 asks for.
WIDTHS = (1440, 768, 360, 320)

_HEIGHT = 900


def wrong_with(page: Any, name: str) -> list[str]:
    """Return what axe finds in either theme, and the widths at which the page scrolls sideways.

    Args:
        page: Playwright's page; it keeps its width, and is light afterwards.
        name: What its pictures are called, where somebody wants to look at them.
    """
    usual = page.viewport_size
    # A colour that is still changing has no contrast to measure, and a picture shows the page from its top.
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = violations(page)
    page.evaluate("scrollTo(0, 0)")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{page.url}: is wider than {width}")
        keep_shot(page, f"{name}-{width}-light")
    page.emulate_media(color_scheme="dark")
    # Themes differ in colours alone.
    found += wrong_colours(page)
    for width in WIDTHS:
        keep_shot(page, f"{name}-{width}-dark", width=width)
    page.set_viewport_size(usual)
    page.emulate_media(color_scheme="light")
    return found
