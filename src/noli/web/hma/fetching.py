# SPDX-License-Identifier: Apache-2.0
"""Fetches what a caller names by URL, where the operator allows it (setting ``hma_url_hosts``).

Whoever may name a URL can try to make this server call its own network; what is called, and what is not, says
``adapters/egress.py``. Redirects are not followed.
"""

import asyncio
from functools import partial
from urllib.parse import urlsplit

from noli.base.errors import InputError, Unavailable
from noli.web.api.forms import Form
from noli.web.api.operation import Call

_FOUND = 200


async def given(call: Call) -> None:
    """Put the file behind the URL of the query, if there is one, in the place of an uploaded one.

    Raises:
        InputError: URLs are not fetched here, or there is no file at this one.
        Forbidden: It leads somewhere that is not called.
    """
    url = call.query.url
    if not url:
        return
    app = call.app
    if not _allowed(url, app.config.hma_url_hosts):
        msg = "This server fetches no URLs of this host (setting hma_url_hosts). Send the file itself, as a form."
        raise InputError(msg)
    fetch = partial(app.egress.call, "GET", url, b"", {}, max_bytes=app.config.max_upload_bytes)
    try:
        answer = await asyncio.get_running_loop().run_in_executor(app.fetching, fetch)
    except Unavailable as error:
        msg = f"The file could not be fetched. {error.public}"
        raise InputError(msg) from error
    if answer.status != _FOUND:
        msg = f"The file could not be fetched: its server answered {answer.status}."
        raise InputError(msg)
    call.given = Form(answer.body)


def _allowed(url: str, hosts: str) -> bool:
    named = {host.strip().lower() for host in hosts.split(",") if host.strip()}
    try:
        return "*" in named or urlsplit(url).hostname in named
    except ValueError:
        return False
