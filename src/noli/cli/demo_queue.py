# SPDX-License-Identifier: Apache-2.0
"""Made-up notices for the demo's queue: each of them is there once, however often the demo is run."""

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from noli.bank.model import Action, BankPolicy, NewEntry, Opinion, OpinionKind, Provenance
from noli.bank.service import register
from noli.base.errors import NotFound
from noli.casework.model import AgeAnswer
from noli.hashing.model import Hash
from noli.notices import commands as c
from noli.notices.model import Because, Ground, Measure, NewContent, NewNotice, Notice, Opening, Order, Plea, Via
from noli.regimes.model import Content, Field, Filer, Party

if TYPE_CHECKING:
    from noli.app import App
    from noli.notices.ports import NoticeTransaction

# Who sends them on, in events and the ledger.
_PLATFORM = "key:demo"

# The bank whose matches are looked at, and who confirmed its entry.
_BANK, _HELPLINE = "demo-review", "helpline.example"

_WHOLE = {
    Field.LOCATION: "The third picture of the series.",
    Field.STATEMENT: "It is me. I never agreed that it is published.",
    Field.REASONS: "It was taken at home, by somebody who was a friend then.",
    Field.CAPACITY: "I am the person shown.",
    Field.NAME: "A. Example",
    Field.CONTACT: "a.example@mail.example",
    Field.GOOD_FAITH: "yes",
    Field.ACCURACY: "yes",
    Field.SIGNATURE: "A. Example",
}


def fill(app: "App") -> None:
    """Fill the queue, unless it was filled before."""
    with app.notices.writing() as transaction:
        for number in range(1, 7):
            _receive(app, transaction, number, language="de" if number % 3 == 0 else "en")
        _receive(app, transaction, 7, kind=frozenset({Content.SYNTHETIC}), filer=Filer.AGENT)
        _receive(app, transaction, 8, filer=Filer.HELPLINE, language="de")
        _receive(app, transaction, 9, fields={Field.CONTACT: "somebody@mail.example"})
        order = Order(
            "Amtsgericht Musterstadt", "Art. 9 DSA, order 12/26", due_at=app.clock.now() + timedelta(hours=20)
        )
        _receive(app, transaction, 10, opening=Opening.ORDER, order=order)
        contested, new = _receive(app, transaction, 11)
        if new:
            _contest(app, transaction, contested)
            _match(app, transaction)


def _receive(app: "App", transaction: "NoticeTransaction", number: int, **more: object) -> tuple[Notice, bool]:
    post = NewContent(f"https://platform.example/p/{4800 + number}", f"post-{4800 + number}", f"user-{number % 4}")
    given = {
        "filer": Filer.SELF, "fields": _WHOLE, "contents": (post,), "notifier": f"person-{number}",
        "reference": f"demo-{number}", **more,
    }  # fmt: skip
    new = NewNotice(**given)  # type: ignore[arg-type] # fields of NewNotice, above
    return app.notices.receive(transaction, new, age=AgeAnswer.ADULT, actor=_PLATFORM)


def _contest(app: "App", transaction: "NoticeTransaction", notice: Notice) -> None:
    because = Because("Looked at with a colleague.", "Terms, intimate content without consent", "demo-colleague")
    rule = c.Rule(Measure.DISABLE, (Ground.INTIMATE,), because, contractual=True)
    app.notices.rule(transaction, notice.id, rule, actor=_PLATFORM)
    text = "She agreed to it in writing; I can send you the contract."
    app.notices.complain(
        transaction, notice.id, side=Party.UPLOADER, text=text, plea=Plea.COUNTER_NOTICE, actor=_PLATFORM
    )


def _match(app: "App", transaction: "NoticeTransaction") -> None:
    """Let uploads of one entry be found: they gather in one notice."""
    try:
        transaction.banks.bank(_BANK)
    except NotFound:
        transaction.banks.add_bank(_BANK, BankPolicy(Action.REVIEW, note="made-up demo data"), now=app.clock.now())
    new = NewEntry((_made_up(),), Provenance(_HELPLINE, "partner", "H-7"), note="made up")
    [(entry, _)] = register(transaction.banks, _BANK, [new], now=app.clock.now())
    opinion = Opinion(entry, _HELPLINE, OpinionKind.TRUE_POSITIVE, "seen by two", app.clock.now())
    transaction.banks.add_opinion(_BANK, opinion)
    for number in range(3):
        seen = c.NamedContent(Via.MATCH, ref=f"upload-{7700 + number}", entry=entry, bank=_BANK)
        app.notices.see(transaction, seen, count=1 + number, actor="system")


def _made_up() -> Hash:
    """Return a hash with as many bits set as a real one."""
    bits = random.Random(77).sample(range(256), 128)  # noqa: S311 - made up, not secret
    return Hash(sum(1 << bit for bit in bits).to_bytes(32), 90)
