# SPDX-License-Identifier: Apache-2.0
"""The tree of errors; the only place where its roots are defined.

    NoliError
    ├── InputError            what was given cannot be used; says which part and why
    │   ├── HashFormatError   not a hash of the stated type
    │   ├── ConfigError       a setting is unknown, unreadable or out of range
    │   └── NotInForce        a regime does not hold on the day in question
    ├── Forbidden             the key or person may not do this
    │   └── Unauthenticated   no key, or one that is unknown or revoked
    ├── NotFound              nothing of that name or id
    ├── Conflict              it exists already, or was changed meanwhile
    ├── Throttled             too many, too fast; says when to come back
    ├── IntegrityError        stored data is damaged; never caught, always reported
    ├── PartnerDistrusted     what came in a partner's name cannot be from it
    └── Unavailable           cannot answer now; ``retry`` says whether trying again helps
        ├── PartnerUnreachable    a partner's server did not answer, or not as its protocol says
        ├── KernelUnavailable the native kernel, or the variant demanded, cannot run here
        └── StoreBusy         the database did not answer in time

Each class has a stable ``code`` for programs and carries two texts: ``public`` is safe
to show to anyone, ``detail`` is for the operator's log. ``web`` maps codes to RFC 9457
problem documents and ``cli`` to exit statuses, each in one table. No error prints, logs
or exits by itself. An expected outcome (no match, an unreadable picture) is a value,
not an error.
"""

from typing import ClassVar


class NoliError(Exception):
    """Root of all errors that Noli raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, public: str, *, detail: str = "") -> None:
        """Keep the two texts.

        Args:
            public: One sentence that says what is wrong and what to do; safe to show.
            detail: More for the operator; may name internals, never hashes or URLs.
        """
        super().__init__(public if not detail else f"{public} ({detail})")
        self.public = public
        self.detail = detail


class InputError(NoliError):
    """What was given cannot be used."""

    code = "invalid-input"


class HashFormatError(InputError):
    """A value is not a hash of the stated signal type."""

    code = "invalid-hash"


class ConfigError(InputError):
    """A setting is unknown, unreadable or out of range."""

    code = "invalid-config"


class NotInForce(InputError):
    """A regime does not hold on the day in question."""

    code = "not-in-force"


class Forbidden(NoliError):
    """The caller may not do this."""

    code = "forbidden"


class Unauthenticated(Forbidden):
    """The caller has not said who it is, or not convincingly."""

    code = "unauthenticated"


class NotFound(NoliError):
    """Nothing of that name or id."""

    code = "not-found"


class Conflict(NoliError):
    """It exists already, or was changed meanwhile."""

    code = "conflict"


class Throttled(NoliError):
    """Too many requests; ``retry_after_s`` says when to come back."""

    code = "throttled"

    def __init__(self, public: str, *, retry_after_s: int, detail: str = "") -> None:
        """Keep the texts and the wait in whole seconds."""
        super().__init__(public, detail=detail)
        self.retry_after_s = retry_after_s


class IntegrityError(NoliError):
    """Stored data is damaged. Never caught and turned into an answer."""

    code = "integrity"


class Unavailable(NoliError):
    """Cannot answer now."""

    code = "unavailable"

    def __init__(self, public: str, *, retry: bool = True, detail: str = "") -> None:
        """Keep the texts and whether trying again can help."""
        super().__init__(public, detail=detail)
        self.retry = retry


class PartnerUnreachable(Unavailable):
    """A partner's server did not answer, or not as its protocol says."""

    code = "partner-unreachable"


class PartnerDistrusted(NoliError):
    """What came in a partner's name cannot be from it, or contradicts what it said before; nothing of it was taken."""

    code = "partner-distrusted"


class KernelUnavailable(Unavailable):
    """The native kernel, or the variant of it that was demanded, cannot run here."""

    code = "kernel-unavailable"


class StoreBusy(Unavailable):
    """The database did not answer in time."""

    code = "store-busy"
