# SPDX-License-Identifier: Apache-2.0
"""The code that hashes in a visitor's browser (``static/hash``): where it lies, what it needs, what it is.

Pages import ``hasher.js`` from there. This module serves nothing; it holds the facts that pages, tests and the
generator share.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from noli.hashing.variants import CROPS, SAME_PICTURE

#: Scripts, the kernel and the vendored HEIC decoder; a page may be given all of it and nothing else.
FOLDER = Path(__file__).parent / "static" / "hash"

#: Content-Security-Policy of a page that hashes, and of the answers that carry ``worker.js`` and ``heic.js``: a worker
#: obeys the policy that came with its own script. Source: W3C CSP Level 3, 4.1; Trusted Types, 4.1.
HASHING_POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' blob:",
    "media-src": "'self' blob:",
    "style-src": "'self'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "noli-worker",
}

#: Media types of the files in ``FOLDER``, by suffix. Browsers refuse modules of any other type.
MEDIA_TYPES: Mapping[str, str] = {
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    "": "text/plain; charset=utf-8",
}

_MADE = "// Made from noli/hashing/variants.py by `make reference`; change that instead."


def policy_header() -> str:
    """Write ``HASHING_POLICY`` as the value of its header."""
    return "; ".join(f"{name} {sources}" for name, sources in HASHING_POLICY.items())


@cache
def kernel_sha256() -> str:
    """Return the SHA-256 of the browser's kernel, in hexadecimal digits, for people to compare with the release's."""
    return hashlib.sha256((FOLDER / "pdq.wasm").read_bytes()).hexdigest()


def crops_module() -> str:
    """Write the list of usual crops as the JavaScript module ``crops.js``."""
    rows = "".join(f"    {json.dumps(_crop(number))},\n" for number in range(len(CROPS)))
    return (
        f"// SPDX-License-Identifier: Apache-2.0\n{_MADE}\n\n"
        f"/** A crop that leaves more than this share of the area is not made. */\n"
        f"export const SAME_PICTURE = {SAME_PICTURE};\n\n"
        f"/** Shares cut from each side; or width and height of the shape cut from the middle. */\n"
        f"export const CROPS = [\n{rows}];\n"
    )


def _crop(number: int) -> dict[str, object]:
    crop = CROPS[number]
    sides = {"left": crop.left, "top": crop.top, "right": crop.right, "bottom": crop.bottom}
    return {"variant": str(crop.variant), **sides, "shape": list(crop.shape)}
