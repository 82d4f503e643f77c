# SPDX-License-Identifier: Apache-2.0
"""The composition root: from a Config to an App. Wiring only; what happens is decided elsewhere.

``web`` and ``cli`` reach the adapters through this module and no other way.
"""

import os
import secrets
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cached_property, partial
from typing import Self

from noli.access.service import AccessService
from noli.adapters import config as config_adapter
from noli.adapters import log as log_adapter
from noli.adapters import metrics as metrics_adapter
from noli.adapters import regimes as regimes_adapter
from noli.adapters.decode import DecoderPool, MediaDecoder, VideoPool
from noli.adapters.follower import Follower
from noli.adapters.keyring import KeyFile, is_signed
from noli.adapters.metrics import Metrics
from noli.adapters.noted_roots import NAME, RootsFile
from noli.adapters.previews import Previews
from noli.adapters.snapshots import SnapshotFolder
from noli.adapters.sql import Database, open_database
from noli.adapters.sql.ledger import SqlLedger
from noli.app_cases import authority, egress, key_path
from noli.app_custody import CustodyParts
from noli.app_exchange import ExchangeParts
from noli.bank.regions import RegionSecrets
from noli.base.clock import Clock, SystemClock
from noli.base.config import Config
from noli.base.errors import ConfigError, Unavailable
from noli.evidence.model import SignedRoot
from noli.evidence.notes import parse_notes
from noli.evidence.service import LedgerService
from noli.hashing.kernel import HammingIndex
from noli.hashing.ports import Closer
from noli.matching.index import BankIndexes
from noli.matching.probing import ProbingGuard
from noli.matching.service import Checker

describe = log_adapter.describe
configure_log = log_adapter.configure
shared_metrics = metrics_adapter.shared_file
load_law = regimes_adapter.law
load_examples = regimes_adapter.examples

# URLs that are fetched at one time; each may bring a whole upload into memory.
_FETCHES = 4

# Bytes of randomness in the id of a check: nobody guesses another key's.
_CHECK_ID_BYTES = 12


def load_config(overrides: Mapping[str, object] | None = None) -> Config:
    """Load the settings; ``overrides`` come from the command line, None values count as not given."""
    return config_adapter.load(overrides)


def open_hasher(config: Config) -> MediaDecoder:
    """Start the decoding children, without an installation: what ``noli hash`` needs.

    Raises:
        Unavailable: No process can be started.
    """
    videos = VideoPool(
        workers=_children(config.video_workers, config),
        timeout_s=config.video_timeout_s,
        memory_mib=config.decode_memory_mib,
        max_pixels=config.max_pixels,
    )
    pictures = DecoderPool(
        workers=_children(config.decode_workers, config),
        timeout_s=config.decode_timeout_s,
        memory_mib=config.decode_memory_mib,
        max_pixels=config.max_pixels,
        max_frames=config.max_frames,
        max_bytes=config.max_upload_bytes,
    )
    return MediaDecoder(pictures, videos, max_video_bytes=config.max_video_bytes)


def _children(wanted: int, config: Config) -> int:
    """Say how many children this process has: one a core in all, unless told otherwise."""
    return wanted or max(1, (os.cpu_count() or 1) // config.workers)


def refuse_missing(config: Config) -> None:
    """Refuse a folder in which nothing was made yet: a mistyped one must not answer as an empty installation would.

    Raises:
        ConfigError: There is no installation.
    """
    if not config.database_url and not (config.data / "noli.db").exists():
        msg = f"There is no installation in {config.data}: it has no noli.db. 'noli serve' makes one."
        raise ConfigError(msg)


@contextmanager
def looked_at(config: Config) -> Iterator[Database]:
    """Open a database to look at it: nothing is created, migrated or refused.

    Raises:
        ConfigError: The URL cannot be used.
    """
    with closing(open_database(config)) as database:
        yield database


@contextmanager
def whole_ledger(
    config: Config, *, keys: Sequence[bytes] = ()
) -> Iterator[tuple[LedgerService, list[SignedRoot], list[str]]]:
    """Open the ledger of an installation, or of a copy of one, to verify it; nothing is made or changed.

    Args:
        config: The settings.
        keys: Public keys that roots are signed with; those of the key file are added where it is there.

    Yields:
        The ledger, the roots noted beside the database, and what cannot be compared, in words.

    Raises:
        ConfigError: There is no installation, or it was made by another version.
    """
    refuse_missing(config)
    missing: list[str] = []
    with looked_at(config) as database:
        if not database.current():
            msg = "The database was made by an older Noli; verify it with that version, or migrate a copy."
            raise ConfigError(msg)
        path = key_path(config)
        keyring = KeyFile(path) if path.exists() else None
        if keyring is None:
            missing.append(f"Without the key file {path} what events say is not compared with their commitments.")
        known = [*keys, *(keyring.signing_keys() if keyring else ())]
        if not known:
            missing.append("Without a key the signatures of roots are not checked; --key brings one.")
        ledger = SqlLedger(database.engine, keyring)
        service = LedgerService(ledger, check=is_signed, keys=known, authority=authority(config, egress(config)))
        yield service, parse_notes(RootsFile(config.data / NAME).read()), missing


class App(ExchangeParts, CustodyParts):
    """One installation in one process."""

    def __init__(self, config: Config, database: Database, *, clock: Clock | None = None) -> None:
        """Wire everything up; nothing runs yet.

        Args:
            config: All settings.
            database: Open, migrated and checked.
            clock: Tells the time; the machine's if None.
        """
        self.config = config
        self.database = database
        self.clock = clock or SystemClock()
        self.store = database.banks
        self.checks = database.checks
        self.access = AccessService(database.keys, self.clock)
        self.region_secrets = RegionSecrets(lambda: self.keyring)
        self.snapshots = SnapshotFolder(config.data / "index")
        self.indexes = BankIndexes(
            HammingIndex, self.region_secrets, cache=self.snapshots, keep_after=config.snapshot_changes
        )
        self.guard = ProbingGuard(config.probing_budget, self.clock, new_index=HammingIndex)
        self.checker = Checker(
            indexes=self.indexes,
            store=self.store,
            checks=self.checks,
            guard=self.guard,
            clock=self.clock,
            new_id=lambda: secrets.token_hex(_CHECK_ID_BYTES),
            max_neighbours=config.max_neighbours,
            new_index=HammingIndex,
        )
        self.follower = Follower(
            self.indexes,
            self.store,
            database.listener(),
            interval_s=config.follow_interval_s,
            max_lag_s=config.max_lag_s,
            also=self.checker.probes.exchange,
        )
        #: Whether the process was told to end.
        self.draining = False
        #: Threads that wait for decoding children, one each.
        self.decoding = ThreadPoolExecutor(_children(config.decode_workers, config), "noli-decoding")
        #: Likewise for videos, which take so long that pictures must not wait behind them.
        watchers = _children(config.video_workers, config)
        self.watching = ThreadPoolExecutor(watchers, "noli-videos")
        #: Places of pictures in work and of those that wait.
        self.picture_places = threading.BoundedSemaphore(
            _children(config.decode_workers, config) + config.pictures_waiting
        )
        #: Places of videos in work and of those that wait.
        self.places = threading.BoundedSemaphore(watchers + config.videos_waiting)
        #: Threads that fetch for callers, so that slow servers hold up nobody else.
        self.fetching = ThreadPoolExecutor(_FETCHES, "noli-fetching")
        self.metrics = Metrics()
        self._add_gauges()

    @classmethod
    def open(cls, config: Config, *, clock: Clock | None = None) -> Self:
        """Open an installation, creating what is missing; ``clock`` as above.

        Raises:
            Unavailable: The database cannot be reached, or its settings would lose data.
            ConfigError: The data folder cannot be made.
        """
        with ExitStack() as undo:
            database = open_database(config)
            undo.callback(database.close)
            database.migrate()
            database.check()
            undo.pop_all()
        return cls(config, database, clock=clock)

    @cached_property
    def hasher(self) -> MediaDecoder:
        """The decoding children; started when first asked for."""
        return open_hasher(self.config)

    @cached_property
    def previews(self) -> Previews:
        """Small pictures from the platform, for who decides."""
        return Previews(
            self.egress,
            self.clock,
            url=self.config.preview_url,
            secret=self.config.preview_secret,
            max_bytes=self.config.max_upload_bytes,
            decode=lambda data, share, side, grey: self.hasher.preview(data, share=share, side=side, grey=grey),
        )

    @property
    def looks_again(self) -> bool:
        """Whether pictures get a second look: where it is on, and a bank has nothing but hashes."""
        return self.config.second_look == "on" and self.indexes.without_regions > 0

    def closer(self, banks: Collection[str] | None) -> Closer | None:
        """Return what says which places of a checked video are worth more than a glance; None where all of it is."""
        return None if self.config.video_every_second == "on" else partial(self.checker.closer, banks=banks)

    def lag(self) -> int:
        """Count the changes of the installation that are not in this process's index yet."""
        with self.store.transaction() as transaction:
            return max(0, transaction.last_sequence() - self.indexes.sequence)

    def catch_up(self) -> None:
        """Bring the index up to the last acknowledged change, where it is loaded; the follower does the rest.

        What was written is safe already, so a database that does not answer now is no reason to call the write failed.
        """
        if self.indexes.ready:
            with suppress(Unavailable):
                self.indexes.catch_up(self.store)

    def start(self) -> None:
        """Start what a server needs in the background: decoding children, follower, compactor, caretaker."""
        if self.config.served:
            # The law takes a tenth of a second to read: nobody's first request waits for it.
            _ = self.hasher, self.notices
        self.follower.start()
        if self.config.does_jobs:
            self.caretaker.start()

    def close(self) -> None:
        """Stop everything; safe to call twice."""
        if "caretaker" in self.__dict__:
            self.caretaker.stop()
        self.snapshots.close()
        self.follower.stop()
        waiting = (self.decoding, self.watching, self.fetching)
        for threads in waiting:
            threads.shutdown(wait=False, cancel_futures=True)
        if "hasher" in self.__dict__:
            self.hasher.close()
        for threads in waiting:
            threads.shutdown()
        self.database.close()

    def _add_gauges(self) -> None:
        gauge = self.metrics.gauge
        gauge("noli_index_hashes", "Hashes in this process's index.", lambda: self.indexes.hashes)
        gauge("noli_index_regions", "Regions in this process's index.", lambda: self.indexes.regions)
        gauge("noli_index_sequence", "Last change in the index.", lambda: self.indexes.sequence)
        gauge("noli_index_snapshot", "Last change in the snapshot that it shares.", lambda: self.indexes.kept)
        gauge("noli_index_lag_seconds", "What was acknowledged before is here.", lambda: self.follower.lag_s)
        gauge("noli_index_ready", "1 where checks are answered.", lambda: int(self.indexes.ready))
        gauge("noli_index_behind", "1 where the database cannot be followed.", lambda: int(self.follower.behind))
        gauge("noli_checks_unrecorded", "Matched checks that could not be kept.", lambda: self.checker.unrecorded)
        gauge("noli_checks_unconfirmed", "Hits answered from the index alone.", lambda: self.checker.unconfirmed)
        gauge(
            "noli_partners_failing",
            "Partners that could not be fetched from.",
            lambda: self.partner_status.count().failing,
        )
        gauge(
            "noli_entries_held", "Entries of partners that wait for a look.", lambda: self.partner_status.count().held
        )
        gauge(
            "noli_doubts_held",
            "Opinions of partners that wait for a look.",
            lambda: self.partner_status.count().held_doubts,
        )
        gauge(
            "noli_entries_disputed",
            "Entries that somebody says are wrong.",
            lambda: len(self.partner_status.disputed()),
        )
        gauge("noli_probing_refused", "Answers refused as probing.", lambda: self.guard.refused)
