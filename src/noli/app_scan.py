# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires catalogue scans: an installation's banks, a catalogue, an engine."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from noli.adapters import images
from noli.adapters.decode import MediaDecoder
from noli.adapters.egress import Egress
from noli.adapters.scan.banks import enabled_banks, indexed
from noli.adapters.scan.catalogue import Catalogue, UnitReader, survey
from noli.adapters.scan.engines import Order, engine
from noli.adapters.scan.report import Sent, found, send
from noli.adapters.scan.work import Plan, Work, refuse_existing
from noli.adapters.scan.worker import ScanWorker
from noli.bank.ports import BankStore
from noli.base.errors import InputError
from noli.scanning.join import Scanner
from noli.scanning.model import Kind, ScanBank, Tally, Unit
from noli.scanning.rules import Sample

# Seconds between looks at how many parts there are.
_LOOK_S = 0.5

# Media files tried out for an estimate.
_SAMPLE_FILES = 16


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """How to scan.

    Attributes:
        engine: Name of the engine.
        workers: How many work at once; 0 for one a core.
        rows_per_s: Rows a second that all workers together do at most; 0 for no limit.
        max_neighbours: Neighbours of one row that a bank reports at most.
    """

    engine: str = "local"
    workers: int = 0
    rows_per_s: float = 0.0
    max_neighbours: int = 1000

    @property
    def workers_at_once(self) -> int:
        """Workers, counted."""
        return self.workers or os.cpu_count() or 1


def send_matches(matches: Path, *, to: str, token: str, banks: Sequence[str] = ()) -> tuple[int, Iterator[Sent]]:
    """Open a notice in an installation for each object that a scan found, and for none twice.

    Args:
        matches: The scan's output.
        to: Address of the installation.
        token: A key of it with the scope ``notices``.
        banks: Only what matched these; all where there are none.

    Returns:
        How many objects there are, and what becomes of each.

    Raises:
        InputError: It is no output of a scan, or no address.
    """
    objects = found(matches, banks=banks)
    host = urlsplit(to).hostname
    if not host:
        msg = "The address of the installation starts with http:// or https://."
        raise InputError(msg)
    # Who runs the command names the address, so it may be inside their network.
    return len(objects), send(objects, to=to, token=token, egress=Egress(private_hosts=[host]))


class CatalogueScan:
    """One scan of a catalogue, begun now or earlier."""

    def __init__(self, store: BankStore, catalogue: str, out: Path, settings: ScanSettings) -> None:
        """Look at the catalogue.

        Raises:
            InputError: There is nothing to scan, or the engine is not installed.
        """
        self._run = engine(settings.engine)
        self._store = store
        self._settings = settings
        self._out = out.absolute()
        self._work = Work.beside(self._out)
        self.catalogue: Catalogue = survey(catalogue)

    @property
    def begun(self) -> bool:
        """Whether an earlier run was cut short and can be gone on with."""
        return self._work.begun()

    def sample(self) -> Sample:
        """Try out the first unit on one worker; keeps nothing."""
        unit = self.catalogue.units[0]
        if unit.kind is not Kind.HASHES:
            unit = _shortened(unit)
        with _reader(self.catalogue.where, unit) as reader:
            banks = [ScanBank(s.name, s.policy, s.index, frozenset(s.disputed)) for s in _sources(self._store)[0]]
            began = time.perf_counter()
            for _ in Scanner(banks, max_neighbours=self._settings.max_neighbours).scan(reader.batches(unit)):
                pass
            return Sample(unit.rows, time.perf_counter() - began)

    def run(self, *, restart: bool, overwrite: bool, tell: Callable[[int], object]) -> Tally:
        """Scan what is not scanned yet, and write the output.

        Args:
            restart: Forget what an earlier run did.
            overwrite: The output may exist and is replaced, at the very end.
            tell: Called now and then with the rows that are done.

        Returns:
            Counts of the whole scan, earlier runs included.

        Raises:
            InputError: The output exists, or the catalogue cannot be read.
            Conflict: The catalogue was changed since the earlier run.
            IntegrityError: What the earlier run left is damaged.
            Unavailable: A worker died; run again to go on.
        """
        refuse_existing(self._out, overwrite=overwrite)
        plan = self._plan(restart=restart)
        settings = self._settings
        with self._watched(plan, tell):
            if missing := self._work.missing(plan):
                each = settings.rows_per_s / settings.workers_at_once
                self._run(Order(str(self._work.folder), missing, settings.workers_at_once, each))
        tally = self._work.finish(plan, self._out)
        self._work.discard()
        return tally

    def _plan(self, *, restart: bool) -> Plan:
        if self.begun and not restart:
            plan = self._work.resumed(self.catalogue)
            # The workers rely on this look at every byte.
            ScanWorker(str(self._work.folder), verify=True).close()
            return plan
        sources, sequence = _sources(self._store)
        return self._work.begin(self.catalogue, sources, sequence=sequence, neighbours=self._settings.max_neighbours)

    @contextmanager
    def _watched(self, plan: Plan, tell: Callable[[int], object]) -> Iterator[None]:
        """Tell how far the work has come, whatever the engine says of it."""
        over = threading.Event()

        def look() -> None:
            while True:
                ended = over.wait(_LOOK_S)
                missing = sum(unit.rows for unit in self._work.missing(plan))
                tell(self.catalogue.rows - missing)
                if ended:
                    return

        watcher = threading.Thread(target=look, name="noli-scan-progress")
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


@contextmanager
def _reader(where: str, unit: Unit) -> Iterator[UnitReader]:
    if unit.kind is Kind.HASHES:
        yield UnitReader(where, None)
        return
    hasher = MediaDecoder.alone()
    try:
        yield UnitReader(where, hasher)
    finally:
        hasher.close()


def _shortened(unit: Unit) -> Unit:
    rows = min(unit.rows, _SAMPLE_FILES)
    return Unit(unit.number, unit.kind, unit.path, rows, unit.groups, unit.start, unit.files[:rows])


def _sources(store: BankStore) -> tuple[list[images.Source], int]:
    """Load all enabled banks in one transaction, and say which change was the last."""
    with store.transaction() as transaction:
        sequence = transaction.last_sequence()
        return [
            images.Source(
                id=bank.id,
                name=bank.name,
                policy=bank.policy,
                index=indexed(transaction.active_hashes(bank.id))[0],
                disputed=transaction.disputed(bank.id),
            )
            for bank in list(enabled_banks(transaction))
        ], sequence
