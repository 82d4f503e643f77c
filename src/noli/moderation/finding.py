# SPDX-License-Identifier: Apache-2.0
"""What staff type to find something, taken apart. Never a name of a person, and never a picture.

1. Letters and digits may be how a number begins.
2. A link finds what names the same page, whatever its scheme, ``www.``, fragment or closing slash; a host finds every
   link to it; anything may be a platform's own reference. These are kept as keyed digests alone.
"""

from urllib.parse import urlsplit

from noli.moderation.model import Asked

#: Characters of a number that must be typed at least.
LEAST = 4

#: Characters of a number that count.
_MOST = 16


def asked(text: str, *, parties: tuple[str, ...] = ()) -> Asked:
    """Take apart what was typed."""
    text = text.strip()
    number = text.replace("-", "").replace(" ", "").upper()
    plain = number.isascii() and number.isalnum() and len(number) >= LEAST
    return Asked(number[:_MOST] if plain else "", _looked_for(text), parties)


def link_terms(url: str) -> tuple[str, ...]:
    """Return by what a link is found: the page and its host."""
    page = _page(url)
    return () if page is None else (f"link|{page[0]}{page[1]}", f"host|{page[0]}")


def reference_terms(reference: str) -> tuple[str, ...]:
    """Return by what a platform's own reference is found."""
    return (f"ref|{reference.strip()}",) if reference.strip() else ()


def _looked_for(text: str) -> tuple[str, ...]:
    found = reference_terms(text)
    page = _page(text if "://" in text else f"https://{text}")
    if page is None:
        return found
    host, rest = page
    return (*found, f"link|{host}{rest}") if rest else (*found, f"link|{host}", f"host|{host}")


def _page(url: str) -> tuple[str, str] | None:
    """Return host and the rest of a web address; None where it is none."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    except ValueError:
        return None
    if "." not in host or " " in host:
        return None
    return host, parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
