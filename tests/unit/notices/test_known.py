# SPDX-License-Identifier: Apache-2.0
"""What is known of contents, and when somebody can decide without looking."""

from dataclasses import replace

from noli.bank.model import Action, BankPolicy, EntryId, NewEntry, Opinion, OpinionKind, Provenance
from noli.bank.service import create_bank, register
from noli.matching.model import Closeness
from noli.notices import commands as c
from noli.notices.known import Known, known, needs_no_look
from noli.notices.model import Measure, Notice, Via
from noli.notices.ports import SeenMatch
from tests.support.casework import made_up_item
from tests.support.notices import START, Desk, complete


def detected(desk: Desk, *opinions: OpinionKind) -> tuple[Notice, EntryId]:
    """Let a check have matched an entry that people think something of."""
    with desk.service.writing() as transaction:
        create_bank(transaction.banks, "intake", BankPolicy(Action.REVIEW), now=START)
        new = NewEntry(made_up_item(5).hashes, Provenance("test"))
        [(entry, _)] = register(transaction.banks, "intake", [new], now=START)
        for number, kind in enumerate(opinions):
            transaction.banks.add_opinion("intake", Opinion(entry, f"by-{number}", kind, "", START))
        content = c.NamedContent(Via.MATCH, ref="post-5", entry=entry, bank="intake")
        notice = desk.service.see(transaction, content, count=1, actor="system")
    desk.memory.world.matches[entry, "post-5"] = SeenMatch(4, Closeness.SAME, "platform", START)
    return notice, entry


def _about(desk: Desk, notice: Notice) -> list[Known]:
    with desk.service.store.transaction() as transaction:
        return known(transaction, notice)


def test_evidence_is_put_together() -> None:
    """The entry with what people think of it, how close the upload was, and who uploaded."""
    desk = Desk()
    notice, entry = detected(desk, OpinionKind.TRUE_POSITIVE)
    [about] = _about(desk, notice)
    assert about.entry is not None
    assert (about.entry.id, about.opinions[0].author, about.uploader) == (entry, "by-0", None)
    assert about.match == SeenMatch(4, Closeness.SAME, "platform", START)
    [asked] = _about(desk, desk.receive())
    assert asked.uploader is not None
    assert (asked.uploader.notices, asked.entry, asked.match) == (1, None, None)


def test_what_is_confirmed_needs_no_look() -> None:
    """An entry that somebody confirmed, close by, in a notice that lacks nothing; everything else is looked at."""
    desk = Desk()
    notice, entry = detected(desk, OpinionKind.TRUE_POSITIVE)
    [about] = _about(desk, notice)
    assert needs_no_look(notice, [about])
    assert needs_no_look(notice, [replace(about, match=None)])
    far = replace(about, match=SeenMatch(30, Closeness.EDGE, "platform", START))
    assert not needs_no_look(notice, [far])
    assert not needs_no_look(notice, [])
    assert not needs_no_look(notice, [replace(about, opinions=())])
    assert needs_no_look(notice, [replace(about, opinions=(), content=replace(about.content, kept_down=True))])
    assert not needs_no_look(notice, [replace(about, entry=None)])
    incomplete = desk.receive(complete(fields={}))
    assert incomplete.lacks
    assert not needs_no_look(incomplete, [about])
    with desk.service.writing() as transaction:
        transaction.banks.add_opinion("intake", Opinion(entry, "x", OpinionKind.FALSE_POSITIVE, "", START))
    assert not needs_no_look(notice, _about(desk, notice))


def test_an_entry_that_is_gone_is_not_known() -> None:
    """Where a bank does not know an entry any more nothing is said about it."""
    desk = Desk()
    notice, _ = detected(desk)
    content = replace(notice.contents[0], entry=EntryId(999_999))
    [about] = _about(desk, replace(notice, contents=(content,)))
    assert (about.entry, about.opinions, about.confirmed) == (None, (), False)
    assert Measure.REMOVE.restricts
