# SPDX-License-Identifier: Apache-2.0
"""What a yearly report counts: orders, notices, complaints, disputes, measures and machines, erased or not."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from noli.notices import commands as c
from noli.notices import records as r
from noli.notices import reporting
from noli.notices.model import Because, Ground, Measure, NewNotice, Opening, Order, Plea
from noli.notices.reporting import Reports
from noli.regimes.model import Filer, Party
from tests.support.notices import NOTICE_TIME, START, Desk, complete, content
from tests.support.secrecy import MemoryKeyring

YEAR = timedelta(days=365)


def _counted(desk: Desk, *, years: int = 0) -> Mapping[str, Mapping[str, float]]:
    since = START + years * YEAR
    return Reports(desk.service, MemoryKeyring()).counts(since=since, until=since + YEAR)


def test_a_year_is_counted_and_outlives_what_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing once, in the year in which it happened, whatever portions it is read in; times are medians."""
    monkeypatch.setattr(reporting, "_AT_ONCE", 2)
    desk = Desk()
    order = Order("Court", "§ 1", "DE, AT")
    desk.rule(
        desk.receive(NewNotice(opening=Opening.ORDER, order=order, contents=(content(1),))),
        Measure.GEO_RESTRICT,
        Ground.ORDERED,
        territory="DE",
    )
    everywhere = NewNotice(opening=Opening.ORDER, order=Order("Court", "§ 2"), contents=(content(2),))
    desk.receive(everywhere)
    notice = desk.receive(complete(notifier="rival", filer=Filer.ANYONE))
    desk.clock.move(hours=3)
    notice = desk.rule(notice, Measure.REMOVE, contractual=True)
    with desk.service.writing() as transaction:
        contested = desk.service.complain(
            transaction, notice.id, side=Party.UPLOADER, text="No.", plea=Plea.COMPLAINT, actor="key:p"
        )
    desk.clock.move(hours=1)
    bea = Because(reason="I looked.", rule="Terms 3", author="bea")
    keep = c.Rule(Measure.KEEP, (Ground.MALICIOUS,), bea)
    desk.act(notice, c.DecideComplaint(contested.complaints[0].number, upheld=True, because=bea, instead=keep))
    desk.act(notice, c.TellDispute("User Rights", "taken up"))
    policy = desk.receive(NewNotice(opening=Opening.POLICY, contents=(content(3),)))
    machine = Because(reason="score", rule="Terms 4", author="model", automated=True)
    desk.act(policy, c.Rule(Measure.DISABLE, (Ground.TERMS,), machine))
    desk.act(policy, c.Rule(Measure.KEEP, (Ground.NOT_INTIMATE,), bea))
    with desk.service.writing() as transaction:
        for step in (
            r.WarnParty(bea),
            r.HearParty("Sorry."),
            r.SuspendParty(bea, desk.clock.now() + timedelta(days=3)),
        ):
            desk.service.keep_record(transaction, r.PartyRole.NOTIFIER, "rival", step, actor="key:p")
        # Others to whom nothing happened but a notice.
        for name in ("one", "two", "three"):
            opened = r.OpenRecord(r.PartyRole.NOTIFIER, name)
            desk.service.keep_record(transaction, r.PartyRole.NOTIFIER, name, opened, actor="key:p")
    found = _counted(desk)
    assert found["orders"] == {
        "received": 2,
        "for DE": 1,
        "for AT": 1,
        "for everywhere": 1,
        "decided": 1,
        "geo-restrict": 1,
        "by law": 1,
        "ground: ordered": 1,
        "median hours": 0.0,
    }
    assert found["notices"] == {
        "received": 1,
        "decided": 2,
        "remove": 1,
        "keep": 1,
        "by terms": 1,
        "ground: intimate-without-consent": 1,
        "ground: malicious-notice": 1,
        "median hours": 3.0,
    }
    assert (found["own initiative"]["decided"], found["own initiative"]["disable"]) == (2, 1)
    assert found["automated"] == {"decided": 1, "reversed": 1}
    assert found["complaints"] == {
        "received": 1,
        "from the uploader": 1,
        "decided": 1,
        "decision reversed": 1,
        "median hours": 1.0,
    }
    assert found["disputes"] == {"told": 1, "outcome: taken up": 1}
    assert found["accounts"] == {"notifier: suspend": 1}
    assert not any(_counted(desk, years=1).values())
    assert not any(_counted(desk, years=-1).values()), "what happened later counts later"
    desk.clock.time += NOTICE_TIME + timedelta(days=9)
    assert desk.expire() > 0
    assert _counted(desk) == found
