# SPDX-License-Identifier: Apache-2.0
"""Errors as RFC 9457 problem documents: one table from code to status, one function that writes the document."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from noli.base.errors import InputError, IntegrityError, NoliError, Throttled, Unavailable
from noli.hashing.model import Outcome

MEDIA_TYPE = b"application/problem+json"


class TooLarge(InputError):
    """The body is larger than this route takes."""

    code = "too-large"


class UnsupportedBody(InputError):
    """The body's media type is none that this route takes."""

    code = "unsupported-media-type"


class MethodNotAllowed(InputError):
    """The path exists, but not for this method."""

    code = "method-not-allowed"

    def __init__(self, allowed: str) -> None:
        """Keep the methods that would do, for the ``Allow`` header."""
        super().__init__(f"This address answers to {allowed}.")
        self.allowed = allowed


class UnusableFile(InputError):
    """A file that was to be registered gave no hash worth registering."""

    code = "unusable-file"

    def __init__(self, outcome: Outcome, reason: str) -> None:
        """Keep what became of the file."""
        super().__init__(reason or "The picture says too little to be told from others.")
        self.outcome = outcome


class Probing(Throttled):
    """A key feels its way along the border of a protected picture."""

    code = "probing"

    def __init__(self, refused: Throttled) -> None:
        """Take over what the guard said."""
        super().__init__(refused.public, retry_after_s=refused.retry_after_s)


class Overloaded(Throttled):
    """More than this process can answer at this moment; it says so at once instead of letting everybody wait."""

    code = "overloaded"

    def __init__(self, public: str, *, retry_after_s: int = 1) -> None:
        """Keep the text and the wait in whole seconds."""
        super().__init__(public, retry_after_s=retry_after_s)


class InternalError(NoliError):
    """Something we did not expect; the log has the same id."""

    code = "internal"

    def __init__(self, error_id: str) -> None:
        """Keep the id under which the log tells more."""
        super().__init__("Something went wrong here; the operator finds more under this id in the log.")
        self.error_id = error_id


#: Status and title by code. Codes are stable; programs may rely on them.
STATUS: Mapping[str, tuple[int, str]] = {
    "invalid-input": (400, "The request cannot be understood"),
    "invalid-hash": (400, "A hash is not well-formed"),
    "unauthenticated": (401, "No valid key"),
    "forbidden": (403, "The key may not do this"),
    "not-found": (404, "Not found"),
    "not-in-force": (400, "Not in force"),
    "method-not-allowed": (405, "Method not allowed"),
    "conflict": (409, "It exists already, or was changed meanwhile"),
    "not-shown": (409, "This preview is not shown"),
    "stepped-aside": (403, "Left to others for good"),
    "lease-lost": (409, "Another process has taken the work over"),
    "too-large": (413, "The body is too large"),
    "unsupported-media-type": (415, "The body has a type that is not taken here"),
    "unusable-file": (422, "The file gave no usable hash"),
    "throttled": (429, "Too many requests"),
    "overloaded": (429, "More than can be answered at this moment"),
    "probing": (429, "Near-duplicate probing"),
    "flooded": (429, "Far more than was agreed"),
    "error": (500, "Internal error"),
    "internal": (500, "Internal error"),
    "invalid-config": (500, "Internal error"),
    "integrity": (500, "Stored data is damaged"),
    "unavailable": (503, "Cannot answer now"),
    "kernel-unavailable": (503, "Cannot answer now"),
    "partner-unreachable": (502, "A partner did not answer"),
    "partner-distrusted": (502, "A partner is not believed"),
    "store-busy": (503, "Cannot answer now"),
    "not-delivered": (503, "A receiver did not answer"),
    "answer-too-large": (502, "Another server answered too much"),
    "undeliverable": (503, "A mail was refused"),
}


# Codes of requests turned away unseen, though they were in order.
_NOT_LOOKED = frozenset({"probing", "overloaded"})


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error, as RFC 9457 describes it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    #: What became of a file that was to be registered.
    outcome: Outcome | None = None
    #: Whether trying the same again later can help.
    retry: bool | None = None
    #: What to do with the upload meanwhile: Noli never answers "allow" because it could not look.
    decision: Literal["review"] | None = None
    #: Id under which the operator finds more in the log.
    error_id: str | None = None


def problem(error: NoliError) -> tuple[Problem, dict[bytes, bytes]]:
    """Write an error as a problem document.

    Returns:
        The document, and headers that belong to it.
    """
    status, title = STATUS[error.code]
    headers: dict[bytes, bytes] = {}
    retry: bool | None = None
    match error:
        case Throttled():
            retry = True
            headers[b"retry-after"] = b"%d" % max(1, error.retry_after_s)
        case Unavailable():
            retry = error.retry
            if retry:
                headers[b"retry-after"] = b"1"
        case MethodNotAllowed():
            headers[b"allow"] = error.allowed.encode("ascii")
        case _ if error.code == "unauthenticated":
            headers[b"www-authenticate"] = b'Bearer realm="noli"'
    cannot_look = isinstance(error, Unavailable | IntegrityError | InternalError) or error.code in _NOT_LOOKED
    document = Problem(
        type=f"urn:noli:problem:{error.code}",
        title=title,
        status=status,
        detail=error.public,
        code=error.code,
        outcome=getattr(error, "outcome", None),
        retry=retry,
        decision="review" if cannot_look else None,
        error_id=getattr(error, "error_id", None),
    )
    return document, headers
