# SPDX-License-Identifier: Apache-2.0
"""Makes worker processes that are there to be killed: ``python -m tests.support.nursery URL FOLDER``.

Everything is imported once; for each line that it reads it forks a worker and prints its number. A worker does the
journey of a notice again and again, says which step was acknowledged, and runs the caretaker's jobs meanwhile.
"""

import os
import random
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from noli.adapters import regimes
from noli.adapters.caretaker import Caretaker
from noli.adapters.egress import Egress
from noli.adapters.keyring import KeyFile
from noli.adapters.sql import open_database
from noli.adapters.sql.jobs import SqlJobs
from noli.adapters.sql.notices import SqlNotices
from noli.adapters.sql.outbox import SqlWebhooks
from noli.base.clock import Clock, SystemClock
from noli.base.config import Config
from noli.base.errors import StoreBusy
from noli.casework.model import AgeAnswer
from noli.jobs.service import Runner
from noli.notices import commands as c
from noli.notices.model import Because, Measure, Notice
from noli.notices.ports import NoticeStore
from noli.notices.service import NoticeService
from noli.notices.upkeep import NoticeUpkeep
from noli.outbox.service import WebhookService
from noli.regimes.model import Field, Party
from tests.support.notices import US, complete, content, ruling

#: How long the lease of a worker holds that was killed; short, so that others take over while the test runs.
TERM = timedelta(milliseconds=300)


def service(store: NoticeStore, keys: KeyFile, clock: Clock) -> NoticeService:
    """Wire notices as the composition root does."""
    law = regimes.law()
    return NoticeService(store, clock, keyring=keys, law=law, facts=US, bank="removed", on_change=lambda: None)


def say(text: str) -> None:
    """Write one line in one go: a reader gets all of it or nothing."""
    os.write(1, f"{text}\n".encode())


def journey(notices: NoticeService, seed: int) -> None:
    """Take a notice in without what it needs, complete it, remove, complain, decide; say each that was acknowledged."""

    def acknowledged(notice: Notice) -> Notice:
        say(f"ack {notice.id} {notice.version}")
        return notice

    with notices.writing() as transaction:
        new = complete(fields={}, contents=(content(seed),))
        notice = notices.receive(transaction, new, age=AgeAnswer.ADULT, actor="key:platform")[0]
    acknowledged(notice)
    with notices.writing() as transaction:
        notice = notices.give(transaction, notice.id, dict.fromkeys(Field, "yes"), actor="key:platform")
    acknowledged(notice)
    with notices.writing() as transaction:
        notice = notices.rule(transaction, notice.id, ruling(Measure.REMOVE), actor="key:platform")
    acknowledged(notice)
    with notices.writing() as transaction:
        notice = notices.complain(transaction, notice.id, side=Party.UPLOADER, text="It is mine.", actor="key:platform")
    acknowledged(notice)
    with notices.writing() as transaction:
        command = c.DecideComplaint(
            notice.complaints[-1].number, upheld=False, because=Because(reason="No.", rule="Terms 4.2", author="bea")
        )
        notice = notices.decide_complaint(transaction, notice.id, command, actor="key:platform")
    acknowledged(notice)


def work(engine: sa.Engine, keys: KeyFile, egress: Egress) -> None:
    """Be a worker, until killed."""
    clock, dice = SystemClock(), random.Random(os.getpid())
    notices = service(SqlNotices(engine, keys), keys, clock)
    webhooks = WebhookService(SqlWebhooks(engine, keys), clock, egress, dice=dice.random, types=("case.opened",))
    tasks = [NoticeUpkeep(notices).task, webhooks.task]
    runner = Runner(
        SqlJobs(engine),
        clock,
        [replace(task, term=TERM) for task in tasks],
        dice=dice.random,
        report=lambda kind, error: say(f"failed {kind} {type(error).__name__} {error}"),
    )
    Caretaker(runner, round_s=0.01).start()
    while True:
        # Where the other worker keeps the database, a caller is told to come back; nothing was acknowledged then.
        with suppress(StoreBusy):
            journey(notices, dice.randrange(1_000_000_000))


def main() -> None:
    """Fork workers as asked; children are reaped by themselves."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    url, folder = sys.argv[1], Path(sys.argv[2])
    keys, egress = KeyFile(folder / "keys.json"), Egress(private_hosts=["127.0.0.1"])
    engine = open_database(Config(data=folder, database_url=url)).engine
    # Workers inherit what this leaves in memory, statements ready to be sent above all, and no connection.
    journey(service(SqlNotices(engine, keys), keys, SystemClock()), 0)
    engine.dispose()
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                work(engine, keys, egress)
            except BaseException as error:  # noqa: BLE001 - it must never go on as a second nursery
                say(f"died {type(error).__name__} {error}")
            os._exit(1)
        say(f"pid {child}")


if __name__ == "__main__":
    main()
