# SPDX-License-Identifier: Apache-2.0
"""Links that people type, one a line."""

from noli.base.errors import InputError
from noli.base.marking import N_
from noli.casework.limits import MAX_LINKS_AT_ONCE, check_links
from noli.casework.model import NewLink

NONE = N_("Please write at least one link. Each begins with https:// or http://.")
TOO_MANY = N_("Up to 50 links can be sent at once. You can add more later.")


def links_of(text: str) -> tuple[NewLink, ...]:
    """Read links, one a line."""
    return tuple(NewLink(line.strip()) for line in text.splitlines() if line.strip())


def wrong_links(text: str) -> str:
    """Return what is wrong with typed links, or nothing."""
    links = links_of(text)
    if len(links) > MAX_LINKS_AT_ONCE:
        return TOO_MANY
    try:
        check_links(links, held=0)
    except InputError:
        return NONE
    return "" if links else NONE
