# SPDX-License-Identifier: Apache-2.0
"""The page of all running clocks: of notices and of requests, by whose they are, and handed over from there."""

from collections.abc import Iterator

import pytest

from noli.access.model import Role, Staff
from noli.notices import commands as c
from noli.notices.model import NoticeId
from noli.pursuit.model import PursuitId
from noli.web.console import clocks
from tests.support.console import Console, text_of
from tests.support.pursuit import ALL, START, FakeMailer


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation."""
    made = Console(tmp_path_factory.mktemp("console"))
    made.clock.time = START
    made.app.pursuits._mailer = FakeMailer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lead(console: Console) -> Staff:
    """Who leads."""
    return console.staff(Role.LEAD)


@pytest.fixture(scope="module")
def cara(console: Console) -> Staff:
    """A caseworker."""
    return console.staff(Role.CASEWORKER, "cara")


def _asked(console: Console, staff: Staff | None) -> PursuitId:
    """Send a request about a case of somebody's."""
    pursuit = console.pursuit(ALL)
    console.app.pursuits.sent_by_hand(pursuit, 1, actor="staff:cara")
    if staff is not None:
        with console.app.pursuits.store.transaction() as transaction:
            case = console.app.pursuits.load(transaction, pursuit).case
        console.app.desk.take(staff, case)
    return pursuit


def test_a_lead_sees_every_clock(console: Console, lead: Staff) -> None:
    """Of notices all that run, the strictest first, and of requests; each kind alone; the next to end stands first."""
    notice, pursuit, visit = console.notice(), _asked(console, None), console.logged_in(lead)
    said = text_of(visit.get("/console/clocks"))
    assert said.index(notice[:8]) > 0
    assert said.index(pursuit[:8]) > 0
    assert "Asked: hosting provider" in said
    running = {each.id: lines for each, lines in console.app.notices.ticking()}[notice]
    assert len(running) > 1
    row = visit.get("/console/clocks?kind=notice").text.split(notice[:8], 2)[2].split("</li>")[0]
    assert row.count("data-count") >= len(running) - 1
    only = text_of(visit.get("/console/clocks?kind=request"))
    assert pursuit[:8] in only
    assert notice[:8] not in only
    assert visit.get("/console/clocks?kind=other").status_code == 400
    assert visit.get("/console/clocks?after=2026-01-01~x").status_code == 400


def test_each_sees_what_is_theirs(console: Console, lead: Staff, cara: Staff) -> None:
    """A caseworker begins with the own requests and sees no notices; a moderator sees no requests, an admin both no."""
    mine, other, notice = _asked(console, cara), _asked(console, None), console.notice()
    visit = console.logged_in(cara)
    page = visit.get("/console/clocks")
    said = text_of(page)
    assert mine[:8] in said
    assert "Hand over all" not in said
    for none in (other, notice):
        assert none[:8] not in said
    everybody = text_of(visit.get("/console/clocks?whose=all"))
    assert other[:8] in everybody
    assert notice[:8] not in everybody
    assert visit.get("/console/clocks?kind=notice").status_code == 403
    free = text_of(console.logged_in(lead).get("/console/clocks?whose=free"))
    assert other[:8] in free
    assert mine[:8] not in free
    assert mine[:8] in text_of(console.logged_in(lead).get(f"/console/clocks?whose={cara.id}"))
    moderator = text_of(console.logged_in(console.staff(Role.MODERATOR)).get("/console/clocks?whose=all"))
    assert notice[:8] in moderator
    assert mine[:8] not in moderator


def test_a_lead_hands_over_from_there(console: Console, lead: Staff, cara: Staff) -> None:
    """What is chosen goes to somebody who works on it, or back; who left it, or works on other things, gets none."""
    notice, pursuit, visit = console.notice(), _asked(console, None), console.logged_in(lead)
    form = {"clock": f"request:{pursuit}", "to": cara.id, "whose": "free", "kind": "request"}
    answer = visit.post("/console/clocks", form)
    assert answer.status_code == 303
    assert "whose=free" in answer.headers["location"]
    assert pursuit[:8] in text_of(console.logged_in(cara).get("/console/clocks"))
    assert visit.post("/console/clocks", {"clock": f"notice:{notice}", "to": cara.id}).status_code == 404
    mona = console.staff(Role.MODERATOR)
    assert visit.post("/console/clocks", {"clock": f"notice:{notice}", "to": mona.id}).status_code == 303
    assert console.notice_now(notice).assigned_to == mona.id
    assert visit.post("/console/clocks", {"clock": f"notice:{notice}", "to": "nobody"}).status_code == 303
    assert console.notice_now(notice).assigned_to == ""
    console.logged_in(mona).post(f"/console/notices/{notice}/step-aside")
    assert visit.post("/console/clocks", {"clock": f"notice:{notice}", "to": mona.id}).status_code == 404
    assert visit.post("/console/clocks", {"clock": "person:1", "to": mona.id}).status_code == 400
    assert visit.post("/console/clocks", {"to": mona.id}).status_code == 400


def test_pages_go_on_where_one_ended(console: Console, lead: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page by page every clock is seen once, whatever it is of; what is planned or passed on says so."""
    monkeypatch.setattr(clocks, "ROWS", 2)
    visit, seen, address = console.logged_in(lead), [], "/console/clocks?whose=all"
    notice = console.notice()
    with console.app.notices.writing() as transaction:
        console.app.notices.act(transaction, notice, [c.Take(lead.id)], actor="staff:x")
    while address:
        page = visit.get(address)
        seen += [part.split('"')[0] for part in page.text.split('name="clock" value="')[1:]]
        onward = page.text.partition('rel="next" href="')[2].split('"')[0]
        address = onward.replace("&amp;", "&")
    with console.app.notices.store.transaction() as transaction:
        waiting = {f"notice:{each.id}" for each in transaction.ticking()}
    with console.app.pursuits.store.transaction() as transaction:
        waiting |= {f"request:{each.id}" for each in transaction.ticking()}
    assert len(seen) == len(set(seen))
    assert set(seen) == waiting
    assert f"notice:{NoticeId(notice)}" in seen


def test_requests_are_listed_by_whose_they_are(console: Console, lead: Staff, cara: Staff) -> None:
    """With the name of who has the case; one's own and nobody's alone; a lead hands over and stays in the list."""
    mine, free = _asked(console, cara), _asked(console, None)
    visit = console.logged_in(cara)
    said = text_of(visit.get("/console/pursuits?show=mine"))
    assert mine[:8] in said
    assert "cara" in said
    assert free[:8] not in said
    assert free[:8] in text_of(visit.get("/console/pursuits?show=free"))
    assert visit.get("/console/pursuits?show=other").status_code == 400
    form = {"clock": f"request:{free}", "to": cara.id, "show": "free", "back": "pursuits"}
    answer = console.logged_in(lead).post("/console/clocks", form)
    assert answer.headers["location"].startswith("/console/pursuits?show=free")
    assert free[:8] in text_of(visit.get("/console/pursuits?show=mine"))
