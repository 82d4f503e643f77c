# SPDX-License-Identifier: Apache-2.0
"""The half of the composition root that wires casework, staff and the ledger. Wiring only.

Everything is made when first asked for: a command that only reads a bank makes no key file and hashes nothing.
"""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from noli.access.delays import Callers, Delays, Quota
from noli.access.passkeys import PasskeyService
from noli.access.sessions import LONGEST, SessionService
from noli.access.staff import StaffService
from noli.adapters.caretaker import Caretaker, report, report_doubt
from noli.adapters.egress import Egress
from noli.adapters.keyring import KeyFile, open_keyring
from noli.adapters.noted_roots import NAME, RootsFile
from noli.adapters.passkeys import Fido2Authenticators
from noli.adapters.passwords import Argon2Hasher
from noli.adapters.regimes import law
from noli.adapters.sql import Database
from noli.adapters.sql.banks import has_regions
from noli.adapters.sql.cases import SqlCases
from noli.adapters.sql.desk import SqlDesk
from noli.adapters.sql.finding import SqlFinder
from noli.adapters.sql.jobs import SqlJobs
from noli.adapters.sql.ledger import SqlLedger
from noli.adapters.sql.notices import SqlNotices
from noli.adapters.sql.outbox import SqlWebhooks
from noli.adapters.sql.refinding import Refinding
from noli.adapters.sql.retention import SqlShelves
from noli.adapters.sql.rewrap import key_ids, rewrap
from noli.adapters.sql.sessions import SqlSessions
from noli.adapters.sql.staff import SqlStaff
from noli.adapters.timestamps import Rfc3161Authority
from noli.adapters.wordlists import PackagedWords
from noli.app_messages import MESSAGES
from noli.base.clock import Clock
from noli.base.config import Config
from noli.base.retention import CASES, NOTICES, POLICY, RECORDS, SESSIONS
from noli.casework.common import NegativeBanks
from noli.casework.desk import Desk
from noli.casework.entrance import Entrance
from noli.casework.files import CaseFiles
from noli.casework.intake import Intake
from noli.casework.service import CaseService
from noli.casework.upkeep import Upkeep
from noli.evidence.model import Fact
from noli.evidence.notes import key_id
from noli.evidence.service import LedgerService
from noli.evidence.signing import RootService
from noli.jobs.model import Task
from noli.jobs.service import Runner
from noli.matching.doubts import Doubts
from noli.matching.index import BankIndexes
from noli.moderation.ports import Finder
from noli.moderation.service import DeskService
from noli.notices.copies import CopySearch
from noli.notices.public import PublicNotices
from noli.notices.reporting import Reports
from noli.notices.service import NoticeService
from noli.notices.upkeep import NoticeUpkeep
from noli.outbox.service import WebhookService
from noli.regimes.model import Facts, Service
from noli.retention.model import Standing
from noli.retention.service import Retention, standing


def key_path(config: Config) -> Path:
    """Say where the key file of an installation is."""
    return Path(config.key_file) if config.key_file else config.data / "secrets" / "keys.json"


def missing_keys(config: Config, database: Database) -> frozenset[str]:
    """Return the ids of keys that something in the database is encrypted under and the key file lacks; makes no file.

    Raises:
        ConfigError: The key file cannot be used.
    """
    path = key_path(config)
    held = KeyFile(path).key_ids if path.exists() else frozenset()
    return key_ids(database.engine) - held


def kept_standing(config: Config, database: Database, now: datetime) -> list[Standing]:
    """Say how it stands with every kind of datum; makes no key file.

    Raises:
        ConfigError: The key file cannot be used.
    """
    path = key_path(config)
    shelves = SqlShelves(database.engine, KeyFile(path) if path.exists() else None)
    return [standing(kind, config.kept(kind), shelves, now) for kind in POLICY]


def egress(config: Config) -> Egress:
    """Make what calls addresses that somebody else chose."""
    return Egress(private_hosts=[each.strip() for each in config.private_hosts.split(",")])


def authority(config: Config, calls: Egress) -> Rfc3161Authority | None:
    """Make what asks the time-stamp authority, where the settings name one.

    Raises:
        ConfigError: Its certificates cannot be read.
    """
    if not config.timestamp_url:
        return None
    return Rfc3161Authority(calls, config.timestamp_url, Path(config.timestamp_certificates))


def facts(config: Config) -> Facts:
    """Say what the platform is and where, for the law; everywhere that any law is known where no place is set."""
    places = frozenset(config.jurisdictions.split(",")) if config.jurisdictions else None
    known = frozenset(each.jurisdiction.code for each in law().regimes.values())
    return Facts(
        jurisdictions=known if places is None else places,
        services=frozenset({Service(config.service)}),
        small=config.enterprise == "small",
    )


class CaseParts:
    """What an App has for cases."""

    config: Config
    database: Database
    clock: Clock
    indexes: BankIndexes

    def catch_up(self) -> None:
        """Bring the index up to the last acknowledged change; the App does it."""
        raise NotImplementedError

    @cached_property
    def keyring(self) -> KeyFile:
        """The key file; made when first needed. Raises ConfigError where it is missing or cannot be used."""
        engine = self.database.engine
        return open_keyring(key_path(self.config), needed=bool(key_ids(engine)) or has_regions(engine))

    @cached_property
    def password_hasher(self) -> Argon2Hasher:
        """Slow hashing, bounded; its first use takes as long as a hash."""
        settings = self.config
        return Argon2Hasher(
            at_once=settings.passwords_at_once,
            waiting=settings.passwords_waiting,
            memory_kib=settings.password_memory_mib * 1024,
        )

    @cached_property
    def callers(self) -> Callers:
        """Turns addresses into callers."""
        return Callers(self.clock)

    @cached_property
    def sessions(self) -> SessionService:
        """Sessions of persons and of staff."""
        return SessionService(
            SqlSessions(self.database.engine), self.clock, longest=self.config.kept(SESSIONS) or LONGEST
        )

    @cached_property
    def ledger(self) -> LedgerService:
        """Reads and verifies the ledger."""
        return LedgerService(SqlLedger(self.database.engine, self.keyring))

    @cached_property
    def roots(self) -> RootService:
        """Signs the ledger's roots, and proves entries."""
        kept = SqlLedger(self.database.engine)
        notes = RootsFile(self.config.data / NAME)
        return RootService(
            kept, kept, self.clock, signer=self.keyring, notes=notes, authority=authority(self.config, self.egress)
        )

    @cached_property
    def staff(self) -> StaffService:
        """Accounts of staff."""
        return StaffService(
            SqlStaff(self.database.engine, self.keyring),
            self.sessions,
            hasher=self.password_hasher,
            keyring=self.keyring,
            delays=Delays(self.clock, processes=self.config.workers),
            clock=self.clock,
        )

    @cached_property
    def passkeys(self) -> PasskeyService:
        """Passkeys of staff."""
        return PasskeyService(
            SqlStaff(self.database.engine, self.keyring),
            self.sessions,
            Fido2Authenticators(),
            keyring=self.keyring,
            delays=Delays(self.clock, processes=self.config.workers),
            clock=self.clock,
        )

    @cached_property
    def finder(self) -> Finder:
        """Finds what staff look for."""
        return SqlFinder(self.database.engine, self.keyring)

    @cached_property
    def refinding(self) -> Refinding:
        """Lets what came in before there was a search be found, too."""
        return Refinding(self.database.engine, self.keyring)

    @cached_property
    def moderation(self) -> DeskService:
        """What people set for their own work, and what they were shown."""
        return DeskService(SqlDesk(self.database.engine), self.clock, self.keyring)

    @cached_property
    def case_files(self) -> CaseFiles:
        """What changes cases."""
        return CaseFiles(
            SqlCases(self.database.engine, self.keyring),
            self.clock,
            common=NegativeBanks(self.indexes),
            bank=self.config.intake_bank,
            on_change=self.catch_up,
        )

    @cached_property
    def intake(self) -> Intake:
        """Opens cases."""
        return Intake(
            self.case_files,
            keyring=self.keyring,
            hasher=self.password_hasher,
            words=PackagedWords(),
            quota=Quota(self.clock, per_hour=self.config.submissions_per_hour),
            work_bits=self.config.proof_of_work_bits,
        )

    @cached_property
    def entrance(self) -> Entrance:
        """Lets people into their cases."""
        return Entrance(
            self.case_files,
            self.sessions,
            keyring=self.keyring,
            hasher=self.password_hasher,
            words=PackagedWords(),
            delays=Delays(self.clock, processes=self.config.workers),
        )

    @cached_property
    def cases(self) -> CaseService:
        """What a person does at their case."""
        return CaseService(self.case_files)

    @cached_property
    def desk(self) -> Desk:
        """What staff do with cases."""
        return Desk(self.case_files, self.keyring)

    @cached_property
    def upkeep(self) -> Upkeep:
        """What time does to cases."""
        return Upkeep(self.case_files)

    @cached_property
    def egress(self) -> Egress:
        """Calls addresses that somebody else chose."""
        return egress(self.config)

    @cached_property
    def webhooks(self) -> WebhookService:
        """Keeps webhooks, and delivers to them."""
        store = SqlWebhooks(self.database.engine, self.keyring)
        dice = secrets.SystemRandom().random
        return WebhookService(store, self.clock, self.egress, dice=dice, types=MESSAGES)

    @cached_property
    def notices(self) -> NoticeService:
        """Notices, decisions, complaints, and the records of who sends and uploads."""
        return NoticeService(
            SqlNotices(self.database.engine, self.keyring),
            self.clock,
            keyring=self.keyring,
            law=law(),
            facts=facts(self.config),
            bank=self.config.removed_bank,
            on_change=self.catch_up,
            searches=bool(self.config.catalogue),
        )

    @cached_property
    def reports(self) -> Reports:
        """What is reported about decisions."""
        return Reports(self.notices, self.keyring)

    @cached_property
    def public_notices(self) -> PublicNotices:
        """What anybody may do with notices, through the public form."""
        quota = Quota(self.clock, per_hour=self.config.submissions_per_hour)
        return PublicNotices(self.notices, quota=quota, delays=Delays(self.clock, processes=self.config.workers))

    @cached_property
    def notice_upkeep(self) -> NoticeUpkeep:
        """What time does to notices."""
        return NoticeUpkeep(self.notices)

    @cached_property
    def retention(self) -> Retention:
        """Lets go of what was kept long enough."""
        erasers = {
            NOTICES.name: self.notice_upkeep.erase_notices,
            RECORDS.name: self.notice_upkeep.erase_records,
            CASES.name: self.upkeep.erase_ended,
        }
        shelves = SqlShelves(self.database.engine, self.keyring)
        return Retention(shelves, erasers, kept=self.config.kept, clock=self.clock)

    @cached_property
    def doubts(self) -> Doubts:
        """Disputes entries that block too much."""
        kept, after = self.database, self.config.doubted_after
        return Doubts(kept.checks, kept.banks, self.clock, after=after, tell=report_doubt)

    @cached_property
    def copy_search(self) -> CopySearch:
        """Searches for copies of what was removed, in the catalogue that the settings name."""
        from noli.adapters.scan.copies import CatalogueOfCopies  # noqa: PLC0415 - slow to load, and most do without

        return CopySearch(self.notices, CatalogueOfCopies(Path(self.config.catalogue)))

    @cached_property
    def tasks(self) -> list[Task]:
        """Everything that happens by itself, shared among the processes of the installation."""
        own = [self.upkeep.task, self.notice_upkeep.task, self.doubts.task, self.retention.task, self.refinding.task]
        copies = [self.copy_search.task] if self.config.catalogue else []
        return [*own, *copies, self.webhooks.task, *self.roots.tasks]

    @cached_property
    def runner(self) -> Runner:
        """Does jobs that are due, one at a time."""
        jobs = SqlJobs(self.database.engine)
        return Runner(jobs, self.clock, self.tasks, dice=secrets.SystemRandom().random, report=report)

    @cached_property
    def caretaker(self) -> Caretaker:
        """The background threads that do jobs."""
        return Caretaker(self.runner)

    def rotate_signing_key(self) -> bytes:
        """Let a new key sign the ledger's roots; the ledger itself says so. Returns the public key."""
        public = self.keyring.rotate_signing()
        with SqlCases(self.database.engine, self.keyring).transaction(write=True) as transaction:
            fact = Fact("ledger.key_rotated", key_id(public), "system", hashlib.sha256(public).digest())
            transaction.record(fact, now=self.clock.now())
        return public

    def rotate_keys(self, *, forget: bool) -> Iterator[int]:
        """Put everything under a new key.

        Args:
            forget: Remove the older keys afterwards; a server that still holds one in memory must have been restarted
                or have looked at the file since, which it does at every use.

        Yields:
            How many rows were re-wrapped, a portion at a time.
        """
        current = self.keyring.rotate()
        while count := rewrap(self.database.engine, self.keyring, current=current):
            yield count
        if forget:
            self.keyring.forget(self.keyring.key_ids - key_ids(self.database.engine))
