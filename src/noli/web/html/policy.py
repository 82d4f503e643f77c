# SPDX-License-Identifier: Apache-2.0
"""What browsers may do on our pages: own scripts, own styles, own requests, and nothing from anybody else."""

from collections.abc import Mapping

from noli.web.page_hashing import policy_header

#: Policy of every page. The hashing policy also goes with every script, because workers obey the policy of their own.
PAGE_POLICY = f"{policy_header()}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'".encode("ascii")

#: Headers of every page; the edge adds its own (``web/asgi.py``). Source: OWASP ASVS 5.0, 3.4 and 14.3.2.
PAGE_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", PAGE_POLICY),
    (b"vary", b"Accept-Language, Cookie"),
)


def page_headers(embedders: str = "") -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of a page that some origins, separated by commas, may show in a frame; others never."""
    if not embedders:
        return PAGE_HEADERS
    ancestors = f"frame-ancestors {embedders.replace(',', ' ')}".encode("ascii")
    (name, policy), *more = PAGE_HEADERS
    return (name, policy.replace(b"frame-ancestors 'none'", ancestors)), *more


#: Headers of scripts, styles and the kernel. Their address names their content, so a copy never grows old.
ASSET_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", policy_header().encode("ascii")),
    (b"cache-control", b"public, max-age=86400, immutable"),
)

#: Makes a browser forget this site; sent when somebody leaves. Source: W3C Clear Site Data.
CLEAR: tuple[tuple[bytes, bytes], ...] = ((b"clear-site-data", b'"cache", "cookies", "storage"'),)

#: Media types of what lies under ``static``, by suffix.
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".json": "application/json",
    "": "text/plain; charset=utf-8",
}
