# SPDX-License-Identifier: Apache-2.0
"""Log lines on standard error through structlog, each passed through the allow-list of ``base/log.py``.

Libraries log through the standard library; of their lines only the logger's name, the level and
the class of an exception are kept, because their words may quote data (an SQL parameter, a path).
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType

import structlog

from noli.base.log import redact

# Source lines of an exception that are logged; the newest say most.
_MAX_FRAMES = 8


def configure(log_format: str) -> None:
    """Send every log line of this process to standard error.

    Args:
        log_format: ``json`` for programs or ``text`` for people.
    """
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if log_format == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=False, sort_keys=False)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.root
    root.handlers = [_Library()]
    root.setLevel(logging.WARNING)


def describe(error: BaseException) -> dict[str, str]:
    """Say which exception it was and where, without a word of its message.

    Returns:
        ``exception`` and ``where``, both allowed in a log line.
    """
    return {"exception": type(error).__name__, "where": _where(error.__traceback__)}


def _where(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-_MAX_FRAMES:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}:{frame.name}" for frame in frames)


def _allowed(_logger: object, _method: str, event: MutableMapping[str, object]) -> dict[str, object]:
    return redact(event)


class _Library(logging.Handler):
    """Turns a library's record into one of our events."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        log = structlog.get_logger()
        log.log(record.levelno, "library.spoke", logger=record.name, **(describe(error) if error else {}))
