# SPDX-License-Identifier: Apache-2.0
"""What a log line may say: the list of allowed keys, and the function that drops all else.

Hashes, links, names and texts are personal data; none of them has a key here, so none can
be logged by accident. ``adapters/log.py`` puts every line through ``redact``. This module
writes nothing itself.
"""

import re
from collections.abc import Mapping

#: Keys that a log line may have, with what stands behind each.
ALLOWED: Mapping[str, str] = {
    "event": "What happened: a noun and a past participle (``server.started``).",
    "level": "How bad it is.",
    "timestamp": "When, UTC.",
    "logger": "Library that spoke; its words are dropped, they may quote data.",
    "error_id": "Random id that a caller was shown with a failure.",
    "exception": "Class of an exception; its message is dropped, it may quote data.",
    "where": "Source lines an exception passed through, newest last.",
    "code": "Stable code of an error of ours.",
    "route": "Path template of a route (``/api/v1/banks/{bank}``), never the path itself.",
    "method": "HTTP method of a known route.",
    "status": "HTTP status, or exit status of a process.",
    "key": "Name of an API key.",
    "job": "Kind of a job, or the lane of jobs that could not be looked for.",
    "host": "Address this server listens on, never a caller's.",
    "port": "TCP port this server listens on.",
    "database": "Kind of database: ``sqlite`` or ``postgresql``.",
    "kernel": "Code path of the native kernel.",
    "version": "Version of Noli.",
    "workers": "Number of decoding children.",
    "worker": "Number of a server process among those that share a port.",
    "sequence": "Number in the change sequence.",
    "snapshot": "Number of the last change in a snapshot of the banks' indexes.",
    "lag": "Changes not yet in the index.",
    "hashes": "How many hashes, never which.",
    "banks": "How many banks, never which.",
    "count": "How many of something.",
    "seconds": "How long something took.",
    "reason": "One of our own fixed sentences.",
}

# Longest text in a log line, in characters: enough for a stack of source lines.
_MAX_TEXT = 2000

# Second net: what looks like a hash, a link or a mail address is cut out of allowed values, too.
_SUSPICIOUS = re.compile(r"[0-9a-fA-F]{24,}|\w+://\S+|\S+@\S+\.\S+")


def redact(event: Mapping[str, object]) -> dict[str, object]:
    """Keep what a log line may say.

    Args:
        event: Keys and values as the caller gave them.

    Returns:
        Only allowed keys; numbers as they are, everything else as text without line breaks, cut to a length, with
        anything that looks like a hash, link or mail address replaced.
    """
    return {key: _plain(value) for key, value in event.items() if key in ALLOWED}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else type(value).__name__
    return _SUSPICIOUS.sub("[removed]", text[:_MAX_TEXT]).replace("\n", " ").replace("\r", " ")
