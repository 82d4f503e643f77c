# SPDX-License-Identifier: Apache-2.0
"""What browsers may do on our pages: own scripts, own styles, own requests, and nothing from anybody else."""

from collections.abc import Mapping

from noli.web.page_hashing import policy_header


def page_headers(framed_by: str = "") -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of a page; the edge adds its own (``web/asgi.py``). Source: OWASP ASVS 5.0, 3.4 and 14.3.2.

    The hashing policy also goes with every script, because workers obey the policy of their own.

    Args:
        framed_by: Origins that may show the page in a frame, separated by commas; empty for none.
    """
    ancestors = " ".join(each.strip() for each in framed_by.split(",")) or "'none'"
    policy = f"{policy_header()}; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    return ((b"content-security-policy", policy.encode("ascii")), (b"vary", b"Accept-Language, Cookie"))


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
