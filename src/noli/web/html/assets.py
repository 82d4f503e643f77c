# SPDX-License-Identifier: Apache-2.0
"""Scripts, styles and the kernel: read once, served under an address that names the content of all of them.

So a page never meets scripts of another release, and what was loaded once need not be asked for again: the page goes on
working without a network.
"""

import hashlib
from functools import cache
from pathlib import Path

from noli.web.api.operation import Call, Operation, Reply
from noli.web.html.policy import ASSET_HEADERS, MEDIA_TYPES

_FOLDER = Path(__file__).parents[1] / "static"

# Characters of the digest in addresses: enough to tell releases apart.
_DIGITS = 12


@cache
def _contents() -> dict[str, bytes]:
    paths = (path for path in sorted(_FOLDER.rglob("*")) if path.is_file())
    return {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in paths}


@cache
def version() -> str:
    """Return the digest of all assets together."""
    total = hashlib.sha256()
    for name, content in _contents().items():
        total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return total.hexdigest()[:_DIGITS]


def address(name: str) -> str:
    """Return where an asset is served. Raises KeyError where there is none of that name."""
    _contents()[name]
    return f"/static/{version()}/{name}"


def operations() -> tuple[Operation, ...]:
    """Make a route for each asset, and for nothing else."""
    return tuple(_operation(name) for name in _contents())


def _operation(name: str) -> Operation:
    media_type = MEDIA_TYPES.get(Path(name).suffix, MEDIA_TYPES[""])
    reply = Reply(_contents()[name], media_type, headers=ASSET_HEADERS)

    async def send(_call: Call) -> Reply:
        return reply

    return Operation(method="GET", path=address(name), handler=send, summary=f"{name}.", media_type=media_type)
