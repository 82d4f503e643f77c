# SPDX-License-Identifier: Apache-2.0
"""API keys and scopes, as values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may do."""

    #: Post checks and read back recorded ones.
    CHECKS = "checks"
    #: Read and change banks and their entries.
    BANKS = "banks"
    #: See exact distances; only for whom the operator trusts with the banked hashes themselves.
    DISTANCES = "distances"
    #: Send, read and decide notices, and keep the records of who sends and uploads.
    NOTICES = "notices"
    #: Look up who is responsible for the links of cases, and send them requests.
    PURSUITS = "pursuits"
    #: Make and fetch evidence packages of cases.
    EVIDENCE = "evidence"
    #: Exchange hashes as a partner; 'noli partner add' gives it.
    EXCHANGE = "exchange"
    #: Make webhooks, and see what was sent to them.
    WEBHOOKS = "webhooks"
    #: Read the ledger's signed roots and prove its entries.
    LEDGER = "ledger"
    #: Read how exchange with partners goes.
    PARTNERS = "partners"
    #: Read Prometheus metrics.
    METRICS = "metrics"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A caller. The token itself is never stored, only its SHA-256.

    Attributes:
        name: Its name, unique for good.
        scopes: What it may do.
        created_at: When it was made.
        revoked_at: When it was revoked for good.
        banks: Names of the banks that it may see; None for all. Only a caller's key has any, if it is a partner's: they
            follow from what is shared at that moment and are stored with no key.
    """

    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    revoked_at: datetime | None = None
    banks: frozenset[str] | None = None


class Role(StrEnum):
    """What a member of staff is here for; what each may do says ``access/rules.py``."""

    CASEWORKER = "caseworker"
    MODERATOR = "moderator"
    LEAD = "lead"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Right(StrEnum):
    """One thing that staff may do."""

    #: List cases, without what is in them.
    LIST_CASES = "list-cases"
    #: Open a case and read all of it; each time is a ledger entry.
    VIEW_CASES = "view-cases"
    #: Write to the person, take notes, change the state, take a case, hand it over.
    WORK_CASES = "work-cases"
    #: Take a case away from somebody else, and release held items.
    LEAD_CASES = "lead-cases"
    #: See the queue of notices; nothing of what people wrote is in it.
    LIST_NOTICES = "list-notices"
    #: Open a notice and read all of it; each time is a ledger entry.
    VIEW_NOTICES = "view-notices"
    #: Take a notice, complete it, decide about it and about complaints; propose what cannot be undone.
    WORK_NOTICES = "work-notices"
    #: Take a notice from somebody else, hold and let go, keep the records of parties; confirm what cannot be undone.
    LEAD_NOTICES = "lead-notices"
    #: Make, change and disable staff.
    MANAGE_STAFF = "manage-staff"
    #: Read and verify the ledger.
    READ_LEDGER = "read-ledger"


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff.

    Attributes:
        id: Random, opaque; what the ledger says instead of the name.
        name: For log-in and among colleagues.
        role: What they are here for.
        created_at: When the account was made.
        set_up_at: When password and one-time codes were set up; nobody logs in before.
        disabled_at: When the account was closed.
    """

    id: str
    name: str
    role: Role
    created_at: datetime
    set_up_at: datetime | None = None
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody who sets up an account is shown, once.

    Attributes:
        name: Whose account it is.
        secret: The one-time-code secret in base 32, for typing.
        uri: The same as ``otpauth://…``, for a QR code.
    """

    name: str
    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key of a member of staff's device, with which they log in without a password.

    Attributes:
        id: As the device calls it.
        staff: Id of whose it is.
        name: What its owner calls it.
        credential: The public key with what belongs to it, as the standard writes it down.
        created_at: When it was added.
        used_at: When the challenge was made that it answered last; None where it was never used.
        sign_count: How often the device says it was used; 0 where it does not count.
    """

    id: bytes
    staff: str
    name: str
    credential: bytes = field(repr=False)
    created_at: datetime
    used_at: datetime | None = None
    sign_count: int = 0


@dataclass(frozen=True, slots=True)
class Site:
    """Where a passkey is good for: the host that it is bound to, and the address that the page must have.

    Attributes:
        host: The host.
        origin: Scheme, host and port.
    """

    host: str
    origin: str


class SessionKind(StrEnum):
    """Whose session it is."""

    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who logged in.

    Attributes:
        kind: A person at their case, or staff.
        subject: Id of the case, or of the member of staff.
        opened_at: When; twelve hours later it ends.
        seen_at: When it was last used, give or take a minute; half an hour later it ends.
    """

    kind: SessionKind
    subject: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of somebody's sessions, as they see it: an id that ends it and opens nothing."""

    id: str
    session: Session
    is_this: bool


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session with what its cookie and its forms carry; neither is stored anywhere.

    Attributes:
        session: The session.
        token: For the cookie, and nothing else.
        csrf: For a hidden field of every form.
    """

    session: Session
    token: str = field(repr=False)
    csrf: str = field(repr=False)
