# SPDX-License-Identifier: Apache-2.0
"""The tables. Migrations make them; a test holds the two together."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out, whatever the session's zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; SQLite keeps no zone, so all are UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Make aware what SQLite returns naive."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only in a column of type INTEGER.
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_DISPUTED, _BOUND = sa.text("disputed = 1"), sa.text("at_most IS NOT NULL")

bank = sa.Table(
    "bank",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("action", sa.String(16), nullable=False),
    sa.Column("threshold_bits", sa.SmallInteger, nullable=False),
    sa.Column("negative", sa.Boolean, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("video_seconds", sa.Float, nullable=False, server_default="3"),
    sa.Column("video_share", sa.Float, nullable=False, server_default="0.5"),
    # How many are active, kept by whoever adds or withdraws: counting a million takes seconds, and a load that finds
    # another number of hashes knows that the database is damaged.
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("hashes", sa.Integer, nullable=False),
    sa.Column("regions", sa.String(16), nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
)

#: It was withdrawn; as the index has it.
GONE = sa.text("withdrawn_at IS NOT NULL")

entry = sa.Table(
    "entry",
    metadata,
    # Random, given by the service: also the id in the search index and, in base 32, the public one.
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("bank_id", sa.ForeignKey("bank.id"), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("added_by", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("withdrawn_at", UtcDateTime),
    sa.Column("withdrawn_by", sa.Text, nullable=False),
    sa.Column("disputed", sa.Boolean, nullable=False),
    sa.Column("sharing", sa.String(16), nullable=False),
    sa.Column("shared_at", UtcDateTime),
    sa.Column("at_most", sa.String(16)),
    sa.Index(None, "bank_id", "id"),
    # Few among many, or one of three values: what an index that loads remembers of a bank.
    sa.Index("ix_entry_disputed", "bank_id", "id", sqlite_where=_DISPUTED, postgresql_where=sa.text("disputed")),
    sa.Index("ix_entry_bound", "bank_id", "at_most", sqlite_where=_BOUND, postgresql_where=_BOUND),
    sa.Index("ix_entry_gone", "bank_id", "id", sqlite_where=GONE, postgresql_where=GONE),
)

# ``bank_id`` and ``active`` repeat what the entry says, and a bank's hashes lie together, so that loading its index is
# one scan of them.
banked_hash = sa.Table(
    "banked_hash",
    metadata,
    sa.Column("bank_id", sa.ForeignKey("bank.id"), primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("type", sa.String(16), nullable=False),
    sa.Column("value", sa.LargeBinary(32), nullable=False),
    sa.Column("quality", sa.SmallInteger),
    sa.Column("pipeline", sa.String(16), nullable=False),
    sa.Column("variant", sa.String(24), nullable=False),
    # Where in its video the frame is shown; null for a picture.
    sa.Column("at_ms", sa.BigInteger),
    sqlite_with_rowid=False,
)

# Hashed under the bank's secret of its present epoch; gone with the entry, or when the bank keeps none any more.
banked_regions = sa.Table(
    "banked_regions",
    metadata,
    sa.Column("bank_id", sa.ForeignKey("bank.id"), primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("places", sa.LargeBinary, nullable=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    # When the picture is shown in its video; null for a picture, and for what was registered before revision 0018.
    sa.Column("at_ms", sa.BigInteger),
)

opinion = sa.Table(
    "opinion",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("entry.id"), nullable=False, index=True),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_opinion_author", "author", "id"),
)

bank_change = sa.Table(
    "bank_change",
    metadata,
    sa.Column("sequence", _NUMBER, primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("bank_id", sa.ForeignKey("bank.id"), nullable=False),
    sa.Column("entry_id", sa.BigInteger),
    # Never earlier than that of a smaller number.
    sa.Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

# What is agreed with another organisation. The secret that it gave us is sealed.
partner = sa.Table(
    "partner",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("protocol", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("honours_withdrawal", sa.Boolean, nullable=False),
    sa.Column("per_hour", sa.Integer, nullable=False),
    sa.Column("doubts_per_hour", sa.Integer, nullable=False, server_default="500"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("source", sa.JSON),
    sa.Column("secret", sa.LargeBinary),
    # The step of the change sequence up to which it was given everything, in protocols that ask by time.
    sa.Column("delivered", sa.BigInteger, nullable=False, server_default="0"),
)

partner_key = sa.Table(
    "partner_key",
    metadata,
    sa.Column("key_name", sa.String(64), primary_key=True),
    sa.Column("partner_id", sa.ForeignKey("partner.id"), nullable=False, index=True),
)

partner_share = sa.Table(
    "partner_share",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("bank_id", sa.ForeignKey("bank.id"), primary_key=True),
    sa.Column("ended_at", UtcDateTime),
)

# What became of a partner's entries, by its own ids. ``content`` is what waits to be registered, where it is held.
received = sa.Table(
    "received",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("reference", sa.String(200), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("bank", sa.String(64), nullable=False),
    sa.Column("entry_id", sa.BigInteger, index=True),
    sa.Column("reason", sa.String(16)),
    sa.Column("content", sa.LargeBinary),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Index(
        "ix_received_held",
        "partner_id",
        "reason",
        sqlite_where=sa.text("reason IS NOT NULL"),
        postgresql_where=sa.text("reason IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

quarantined = sa.Table(
    "quarantined",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True),
    sa.Column("partner_id", sa.ForeignKey("partner.id"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index(None, "partner_id", "id"),
)

# How far we are with a partner; written in the transaction that stores what was fetched.
sync_state = sa.Table(
    "sync_state",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("checkpoint", sa.JSON, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("sweeping", sa.Boolean, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("attempted_at", UtcDateTime),
    sa.Column("succeeded_at", UtcDateTime),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime),
    sa.Column("hour_at", UtcDateTime),
    sa.Column("hour_count", sa.Integer, nullable=False),
    sa.Column("doubts_at", UtcDateTime),
    sa.Column("doubts_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.Column("withdrawn", sa.BigInteger, nullable=False),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("refused", sa.BigInteger, nullable=False),
    sa.Column("skipped", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("opinions_sent", sa.BigInteger, nullable=False),
)

# Opinions of a partner that make entries doubtful and wait for somebody to look; each entry's newest.
held_doubt = sa.Table(
    "held_doubt",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("entry.id"), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

# What partners said that they have: everything up to a step of the change sequence. Only ever added to.
receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("partner_id", sa.ForeignKey("partner.id"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("epoch", sa.String(32), nullable=False),
    sa.Column("digest", sa.LargeBinary(32)),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("signature", sa.LargeBinary(64)),
    sa.Index(None, "partner_id", "position"),
    sqlite_autoincrement=True,
)

# Who we are on our own feed, one row, and the ends of pages that a partner was given and may come back with.
feed_identity = sa.Table(
    "feed_identity",
    metadata,
    sa.Column("installation", sa.String(32), primary_key=True),
    sa.Column("epoch", sa.String(32), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
)

feed_head = sa.Table(
    "feed_head",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("issued", _NUMBER, nullable=False),
    sa.Column("came_back", sa.Boolean, nullable=False),
)

# What happened to hashes that a person let leave, for her timeline; ``position`` is the step of the change sequence.
share_step = sa.Table(
    "share_step",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("partner_id", sa.ForeignKey("partner.id"), nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index(None, "partner_id", "entry_id", "position", "step", unique=True),
    sqlite_autoincrement=True,
)

# What is taken from a partner: its name of a bank (empty: whatever it sends), our bank, and what it may ask for.
partner_import = sa.Table(
    "partner_import",
    metadata,
    sa.Column("partner_id", sa.ForeignKey("partner.id"), primary_key=True),
    sa.Column("remote", sa.String(64), primary_key=True),
    sa.Column("bank_id", sa.ForeignKey("bank.id"), nullable=False),
    sa.Column("at_most", sa.String(16), nullable=False),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
)

matched_check = sa.Table(
    "matched_check",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("content_ref", sa.Text, nullable=False),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("capped", sa.Boolean, nullable=False),
    sa.Column("hashes", sa.JSON, nullable=False),
    sa.Column("checked_at", UtcDateTime, nullable=False, index=True),
)

# What keys were told near matched pictures, for all processes to count; see ``matching/probing.py``.
probe = sa.Table(
    "probe",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("key", sa.String(64), nullable=False),
    sa.Column("query", sa.LargeBinary(32), nullable=False),
    sa.Column("seen", sa.LargeBinary(16), nullable=False),
    sa.Column("distance_bits", sa.SmallInteger),
    sa.Column("exact", sa.Boolean, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

# The bank's policy is kept as it was when it decided.
check_match = sa.Table(
    "check_match",
    metadata,
    sa.Column("check_number", sa.ForeignKey("matched_check.number"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("bank_id", sa.BigInteger, nullable=False),
    sa.Column("entry_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("distance_bits", sa.SmallInteger, nullable=False),
    sa.Column("disputed", sa.Boolean, nullable=False),
    sa.Column("closeness", sa.String(16), nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("query", sa.Integer, nullable=False),
    sa.Column("policy", sa.JSON, nullable=False),
    # Where a video shows a banked one; null where one of the two is a picture.
    sa.Column("segment", sa.JSON),
    sa.Column("agreement", sa.JSON(none_as_null=True)),
    sa.Column("looked_again", sa.Boolean(), nullable=False, server_default=sa.false()),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("scope", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("response", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False, index=True),
)

# Append-only: triggers refuse everything but the next entry (revision 0002).
ledger_entry = sa.Table(
    "ledger_entry",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    sa.Column("leaf", sa.LargeBinary(32), nullable=False),
    sa.Column("link", sa.LargeBinary(32), nullable=False),
    sa.Index(None, "subject", "sequence"),
)

# Append-only as well (revision 0008). ``peaks`` are what the tree goes on from.
ledger_root = sa.Table(
    "ledger_root",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("key", sa.String(8), nullable=False),
    sa.Column("signature", sa.LargeBinary(64), nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
)

ledger_timestamp = sa.Table(
    "ledger_timestamp",
    metadata,
    sa.Column("size", sa.ForeignKey("ledger_root.size"), primary_key=True),
    sa.Column("authority", sa.String(255), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("token", sa.LargeBinary, nullable=False),
)

# Roots of 256, 65,536 … leaves, for proofs; only a cache, what is proven from it is checked against a signed root.
ledger_tile = sa.Table(
    "ledger_tile",
    metadata,
    sa.Column("level", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
)

# Condition of a partial index; a query uses it only where it says the same.
_HELD = sa.text("held > 0")

#: Withdrawn and not erased; as the index has it.
ENDED = sa.text("ended_at IS NOT NULL AND key_id IS NOT NULL")

# The order of a list, and behind it what else may be asked for.
_OF_CASES = ("opened_at", "id", "state", "assigned_to")
_OF_NOTICES = ("queue_at", "id", "state", "assigned_to")


def _story(what: str, *more: sa.Index) -> sa.Table:
    """Make the table of what happened to a thing: what is private is sealed, each event stands in the ledger."""
    return sa.Table(
        f"{what}_event",
        metadata,
        sa.Column(f"{what}_id", sa.ForeignKey(f"{what}_file.id"), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("private", sa.LargeBinary),
        sa.Column("ledger_sequence", sa.ForeignKey("ledger_entry.sequence"), nullable=False, index=True),
        *more,
    )


# How a case is entered, its wrapped data key (None once erased), and what a list shows of it.
case_file = sa.Table(
    "case_file",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key_id", sa.String(16)),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("number_digest", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("number_sealed", sa.LargeBinary),
    sa.Column("verifier", sa.Text, nullable=False),
    sa.Column("submission", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("recovery", sa.LargeBinary(32), unique=True),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("situation", sa.String(16), nullable=False),
    sa.Column("reporter", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("assigned_to", sa.String(16)),
    sa.Column("waits_for_staff", sa.Boolean, nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("held", sa.Integer, nullable=False),
    sa.Column("links", sa.Integer, nullable=False),
    sa.Column("matches", sa.Integer, nullable=False),
    sa.Column("withdrawal_due_at", UtcDateTime, index=True),
    sa.Column("ended_at", UtcDateTime),
    sa.Index(None, "opened_at", "id"),
    sa.Index(None, "assigned_to", "opened_at"),
    # In the order of the list; what else may be asked for stands behind it, so that no row is read only to be passed.
    sa.Index("ix_case_file_state", "state", "opened_at", "id", "assigned_to"),
    # Few among many.
    sa.Index(
        "ix_case_file_waiting",
        *_OF_CASES,
        sqlite_where=sa.text("waits_for_staff = 1"),
        postgresql_where=sa.text("waits_for_staff"),
    ),
    sa.Index("ix_case_file_held", *_OF_CASES, sqlite_where=_HELD, postgresql_where=_HELD),
    sa.Index("ix_case_file_ended", "updated_at", sqlite_where=ENDED, postgresql_where=ENDED),
    sa.Index(None, "key_id"),
)

case_event = _story("case")

# Whose entry it is, by a keyed digest of the entry's id: the database alone cannot tell.
case_entry = sa.Table(
    "case_entry",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("case_id", sa.ForeignKey("case_file.id"), nullable=False, index=True),
)

_PRESERVED = sa.text("held = 1")
#: There is something to do about it; as the index has it.
WAITING = sa.text("idle_at IS NULL")
_IDLE = sa.text("idle_at IS NOT NULL")
#: As the index has it: a bound value would not be recognised.
BREACHED = sa.text("breaches > 0")

#: Somebody must look by then, and nobody would.
UNALARMED = sa.text("look_by IS NOT NULL AND (alarm_at IS NULL OR alarm_at > look_by)")
_KEPT = sa.text("erased_at IS NULL")
#: A clock runs on it; as the indexes have it.
TICKING = sa.text("due_at IS NOT NULL")

# A notice: its wrapped data key (None once erased), and what a list shows of it. ``source`` is a digest of the caller
# and the caller's own number, so that the same notice sent twice is one.
notice_file = sa.Table(
    "notice_file",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key_id", sa.String(16)),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("source", sa.LargeBinary(32), unique=True),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("opening", sa.String(16), nullable=False),
    sa.Column("filer", sa.String(16), nullable=False),
    sa.Column("evidence", sa.Boolean, nullable=False),
    sa.Column("suspended", sa.Boolean, nullable=False),
    sa.Column("assigned_to", sa.String(64), nullable=False),
    sa.Column("escalated_to", sa.String(16), nullable=False),
    sa.Column("contents", sa.Integer, nullable=False),
    sa.Column("seen", sa.Integer, nullable=False),
    sa.Column("breaches", sa.Integer, nullable=False),
    sa.Column("queue_at", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime),
    sa.Column("due_for", sa.String(32), nullable=False),
    sa.Column("due_under", sa.String(64), nullable=False),
    sa.Column("due_source", sa.Text, nullable=False),
    sa.Column("due_verified", sa.Boolean, nullable=False),
    sa.Column("due_set_by", sa.String(16)),
    sa.Column("alarm_at", UtcDateTime, index=True),
    sa.Column("look_by", UtcDateTime),
    sa.Column("law", sa.String(16), nullable=False, server_default=""),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("idle_at", UtcDateTime),
    sa.Column("erased_at", UtcDateTime),
    sa.Column("planned_at", UtcDateTime),
    sa.Index(None, "queue_at", "id"),
    # Without what is waiting, so that no planner takes this one to find and sort all of that.
    sa.Index("ix_notice_file_idle", "idle_at", sqlite_where=_IDLE, postgresql_where=_IDLE),
    sa.Index("ix_notice_file_breached", *_OF_NOTICES, sqlite_where=BREACHED, postgresql_where=BREACHED),
    # As good as empty: who asks for lost alarms reads no notice that has its alarm.
    sa.Index("ix_notice_file_unalarmed", "id", sqlite_where=UNALARMED, postgresql_where=UNALARMED),
    sa.Index("ix_notice_file_law", "law", sqlite_where=_KEPT, postgresql_where=_KEPT),
    # The queue: what is done with stands in no index that the queue is read from.
    sa.Index(
        "ix_notice_file_waiting", *_OF_NOTICES, "opening", "planned_at", sqlite_where=WAITING, postgresql_where=WAITING
    ),
    sa.Index("ix_notice_file_held", *_OF_NOTICES, sqlite_where=_PRESERVED, postgresql_where=sa.text("held")),
    # For load: how many stand where, and whose clock ends when.
    sa.Index("ix_notice_file_load", "state", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
    sa.Index("ix_notice_file_ticking", "due_at", "id", "assigned_to", sqlite_where=TICKING, postgresql_where=TICKING),
    sa.Index("ix_notice_file_state", "state", "queue_at", "id", "assigned_to"),
    sa.Index("ix_notice_file_opening", "opening", "queue_at", "id"),
    sa.Index("ix_notice_file_assigned", "assigned_to", "queue_at", "id", "state"),
    sa.Index(None, "key_id"),
)

notice_event = _story("notice")

# What happened to notices, day by day (UTC); see ``notices.figures``.
notice_figure = sa.Table(
    "notice_figure",
    metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

# Which open notice gathers the uploads of a bank entry, by a keyed digest of the entry's id.
notice_entry = sa.Table(
    "notice_entry",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("notice_id", sa.ForeignKey("notice_file.id"), nullable=False, index=True),
)

# A pursuit of a case's links: its wrapped data key (None once the case was erased), and what a list shows of it.
pursuit_file = sa.Table(
    "pursuit_file",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key_id", sa.String(16), index=True),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("case_id", sa.ForeignKey("case_file.id"), nullable=False, index=True),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("rung", sa.String(16)),
    sa.Column("copies", sa.Integer, nullable=False),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("due_at", UtcDateTime),
    sa.Column("lapsed", sa.Integer, nullable=False),
    # Where it stands in lists: its next deadline, or long after all others.
    sa.Column("queue_at", UtcDateTime, nullable=False),
    sa.Index(None, "queue_at", "id"),
    sa.Index(None, "state", "queue_at", "id"),
    sa.Index("ix_pursuit_file_ticking", "due_at", "id", "case_id", sqlite_where=TICKING, postgresql_where=TICKING),
)

pursuit_event = _story("pursuit")

# Which request a mail answers, by keyed digests of its reference and of the message ids in its thread.
pursuit_tie = sa.Table(
    "pursuit_tie",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("pursuit_id", sa.ForeignKey("pursuit_file.id"), nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False),
)

#: As the index has it.
CONDUCT = sa.text("conduct > 0")

# The record of somebody who sends notices or uploads; its id is a keyed digest of what the platform calls them.
record_file = sa.Table(
    "record_file",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("key_id", sa.String(16)),
    sa.Column("wrapped_key", sa.LargeBinary),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("conduct", sa.Integer, nullable=False),
    sa.Column("notices", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting_since", UtcDateTime),
    sa.Column("measured_until", UtcDateTime),
    sa.Column("checked_at", UtcDateTime),
    *(
        sa.Index(f"ix_record_file_{name}", name, "id", sqlite_where=where, postgresql_where=where)
        for name in ("waiting_since", "measured_until", "checked_at")
        for where in [sa.text(f"{name} IS NOT NULL")]
    ),
    sa.Index("ix_record_file_conduct", "id", sqlite_where=CONDUCT, postgresql_where=CONDUCT),
    sa.Index(None, "updated_at"),
    sa.Index(None, "key_id"),
)

record_event = _story("record")

spent_challenge = sa.Table(
    "spent_challenge",
    metadata,
    sa.Column("id", sa.LargeBinary(32), primary_key=True),
    sa.Column("expires_at", UtcDateTime, nullable=False, index=True),
)

feed_position = sa.Table(
    "feed_position",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)

staff = sa.Table(
    "staff",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("set_up_at", UtcDateTime),
    sa.Column("disabled_at", UtcDateTime),
    sa.Column("verifier", sa.Text),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("wrapped_secret", sa.LargeBinary, nullable=False),
    sa.Column("last_step", sa.BigInteger, nullable=False),
    sa.Column("set_up", sa.LargeBinary(32), unique=True),
    sa.Column("set_up_until", UtcDateTime),
)

session = sa.Table(
    "session",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("subject", sa.String(16), nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False, index=True),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Index(None, "kind", "subject"),
)

# A key with which a member of staff logs in without a password; ``used_at`` is when the challenge was made that was
# answered last, so that no answer is taken twice.
passkey = sa.Table(
    "passkey",
    metadata,
    sa.Column("id", sa.LargeBinary, primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False, index=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("credential", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
    sa.Column("sign_count", sa.BigInteger, nullable=False),
)

# Codes that each take the place of a one-time code once, as keyed digests.
recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False, index=True),
)

# What a member of staff set for their own work: comfort, limits, saved views.
desk_setting = sa.Table(
    "desk_setting",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
)

# Each time that somebody was shown a preview; ``subject`` is a keyed digest of what was on it.
look = sa.Table(
    "look",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("staff_id", sa.ForeignKey("staff.id"), nullable=False),
    sa.Column("notice_id", sa.String(16), nullable=False),
    sa.Column("content", sa.Integer, nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Index(None, "staff_id", "at"),
    sqlite_autoincrement=True,
)

# Cases and notices that a member of staff left to others for good; why is asked by nobody.
stepped_aside = sa.Table(
    "stepped_aside",
    metadata,
    sa.Column("staff_id", sa.ForeignKey("staff.id"), primary_key=True),
    sa.Column("subject", sa.String(16), primary_key=True, index=True),
)

# By which links, hosts and references a case or a notice is found, as keyed digests: the database alone has none.
found_by = sa.Table(
    "found_by",
    metadata,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("subject", sa.String(16), primary_key=True, index=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Index(None, "digest", "at"),
)

# Work that is to be done, and who holds it until when; see ``noli.jobs``.
job = sa.Table(
    "job",
    metadata,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("due_at", UtcDateTime, nullable=False, index=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("token", sa.String(32)),
    sa.Column("expires_at", UtcDateTime),
)

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("types", sa.JSON, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("key_id", sa.String(16), nullable=False),
    sa.Column("wrapped_secret", sa.LargeBinary, nullable=False),
)

# Written in the transaction of what it tells of, and only where a webhook wants it.
outbox_message = sa.Table(
    "outbox_message",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("data", sa.JSON, nullable=False),
)

outbox_delivery = sa.Table(
    "outbox_delivery",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("webhook_id", sa.ForeignKey("webhook.id"), nullable=False),
    sa.Column("message_number", sa.ForeignKey("outbox_message.number"), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("status", sa.SmallInteger),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("settled_at", UtcDateTime, index=True),
    sa.Index(None, "webhook_id", "state", "due_at"),
)
