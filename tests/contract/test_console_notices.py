# SPDX-License-Identifier: Apache-2.0
"""What the forms of a notice do, and what they refuse: other decisions, undo, hand-over, and what takes two."""

from collections.abc import Iterator

import pytest

from noli.access.model import Role, Staff
from noli.notices.model import Ground, Measure, NoticeId
from tests.support.console import Console, Visit, text_of


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation."""
    made = Console(tmp_path_factory.mktemp("console"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def mona(console: Console) -> Staff:
    """A moderator."""
    return console.staff(Role.MODERATOR, "mona")


def _at(notice: NoticeId, step: str) -> str:
    return f"/console/notices/{notice}/{step}"


def _take(console: Console, staff: Staff) -> tuple[NoticeId, Visit]:
    notice, visit = console.notice(), console.logged_in(staff)
    assert visit.post(_at(notice, "take")).status_code == 303
    return notice, visit


def test_another_decision(console: Console, mona: Staff) -> None:
    """A measure and a ground of one's own, with typed rule and reason; a restriction to places names them."""
    visit, notice = console.logged_in(mona), console.notice()
    form = {
        "measure": "geo-restrict",
        "ground": "ordered",
        "territory": "DE",
        "rule": "§ 201a StGB",
        "reason": "Asked.",
    }
    assert visit.post(_at(notice, "decide"), form).status_code == 303
    plan = console.notice_now(notice).plan
    assert plan is not None
    ruling = plan.ruling
    assert (ruling.measure, ruling.grounds, ruling.territory) == (
        Measure.GEO_RESTRICT,
        (Ground.ORDERED,),
        "DE",
    )
    assert (ruling.rule, ruling.reason, ruling.contractual) == ("§ 201a StGB", "Asked.", False)
    plain = {"measure": "keep", "ground": "mistaken-notice", "reason": "No."}
    assert visit.post(_at(console.notice(), "decide"), plain).status_code == 303
    assert visit.post(_at(console.notice(), "decide"), {"measure": "none", "ground": "x"}).status_code == 400


def test_what_a_colleague_has(console: Console, mona: Staff) -> None:
    """It is neither decided, taken nor undone by another moderator; a lead may do all of it."""
    notice, visit = _take(console, mona)
    other, lead = console.logged_in(console.staff(Role.MODERATOR)), console.logged_in(console.staff(Role.LEAD))
    for step, form in (("take", {}), ("decide", {"preset": "keep.not-intimate"}), ("hand-over", {"to": "nobody"})):
        answer = other.post(_at(notice, step), form)
        assert answer.status_code == 409
        assert "Go on" in text_of(answer)
    assert visit.post(_at(notice, "decide"), {"preset": "keep.not-intimate"}).status_code == 303
    assert other.post(_at(notice, "undo")).status_code == 409
    assert "done=undone" in lead.post(_at(notice, "undo")).headers["location"]
    assert "done=late" in visit.post(_at(notice, "undo")).headers["location"]
    assert lead.post(_at(notice, "take")).status_code == 303


def test_hand_over_with_a_note(console: Console, mona: Staff) -> None:
    """To a colleague who may work on notices, and to nobody else."""
    notice, visit = _take(console, mona)
    colleague, caseworker = console.staff(Role.MODERATOR), console.staff(Role.CASEWORKER)
    assert visit.post(_at(notice, "hand-over"), {"to": caseworker.id}).status_code == 404
    form = {"to": colleague.id, "note": "She prefers English."}
    assert visit.post(_at(notice, "hand-over"), form).status_code == 303
    found = console.notice_now(notice)
    assert (found.assigned_to, found.notes[0].text) == (colleague.id, "She prefers English.")


def test_destroying_takes_two(console: Console, mona: Staff) -> None:
    """One proposes, a lead drops or confirms it; who proposed cannot confirm, whatever their role."""
    visit, lead = console.logged_in(mona), console.logged_in(console.staff(Role.LEAD))
    notice = console.notice()
    form = {"step": "propose", "reason": "She asked for it."}
    assert visit.post(_at(notice, "erasure"), form).status_code == 303
    assert visit.post(_at(notice, "erasure"), {"step": "confirm", "reason": "Yes."}).status_code == 403
    assert "Proposed by mona" in text_of(lead.get(f"/console/notices/{notice}"))
    assert lead.post(_at(notice, "erasure"), {"step": "drop", "reason": "Not yet."}).status_code == 303
    assert lead.post(_at(notice, "erasure"), form).status_code == 303
    assert lead.post(_at(notice, "erasure"), {"step": "confirm", "reason": "Yes."}).status_code == 409
    second = console.logged_in(console.staff(Role.LEAD))
    assert second.post(_at(notice, "erasure"), {"step": "confirm", "reason": "Yes."}).status_code == 303
    assert console.notice_now(notice).erased_at is not None
    assert "Personal data were destroyed" in text_of(second.get(f"/console/notices/{notice}"))


def test_views_and_filters(console: Console, mona: Staff) -> None:
    """A saved view keeps its filters and nothing else; other filters are refused."""
    visit = console.logged_in(mona)
    form = {"name": "Orders", "query": "show=all&opening=order&l=de&done=x"}
    saved = visit.post("/console/notices/views", form).headers["location"]
    assert saved == "/console/notices?show=all&opening=order&done=view-saved"
    assert 'opening=order" aria-current="page"><bdi>Orders' in visit.get(saved).text
    assert "?show=all&amp;opening=order&quot;" not in visit.get("/console/notices").text
    assert console.app.moderation.settings(mona.id).views[0].query == "show=all&opening=order"
    for show in ("mine", "free", "incomplete", "missed", "all"):
        assert visit.get(f"/console/notices?show={show}").status_code == 200
    assert visit.get("/console/notices?show=none").status_code == 400
    assert visit.post("/console/notices/decide", {"preset": "keep.not-intimate"}).status_code == 400
    assert visit.post("/console/notices/decide", {"preset": "none", "notice": console.notice()}).status_code == 400


def test_what_somebody_left_to_others_never_comes_back(console: Console, mona: Staff) -> None:
    """Gone from queue, search and every route, and handed to them by nobody; colleagues see no reason."""
    notice, visit = _take(console, mona)
    other = console.logged_in(console.staff(Role.MODERATOR))
    assert visit.post(_at(notice, "step-aside")).status_code == 303
    assert console.notice_now(notice).assigned_to == ""
    for show in ("decide", "free", "all"):
        assert notice[:8] not in text_of(visit.get(f"/console/notices?show={show}"))
        assert notice[:8] in text_of(other.get(f"/console/notices?show={show}"))
    assert notice[:8] not in text_of(visit.get("/console/clocks"))
    page = visit.get(f"/console/notices/{notice}")
    assert page.status_code == 403
    assert "does not come back to you" in text_of(page)
    for step, form in (("take", {}), ("decide", {"preset": "keep.not-intimate"}), ("step-aside", {})):
        assert visit.post(_at(notice, step), form).status_code == 403
    many = {"preset": "keep.not-intimate", "notice": notice}
    assert visit.post("/console/notices/decide", many).status_code == 403
    searched = text_of(visit.post("/console/search", {"find": notice}))
    assert "Nothing was found" in searched
    assert f'value="{mona.id}"' not in other.get(f"/console/notices/{notice}").text
    assert other.post(_at(notice, "hand-over"), {"to": mona.id}).status_code == 404
    facts = [each.fact.kind for each in console.app.ledger.page(subject=notice, limit=50)]
    assert facts.count("notice.stepped-aside") == 1
    assert "It was put back" in text_of(other.get(f"/console/notices/{notice}"))
    assert other.post(_at(console.notice(), "step-aside")).status_code == 303


def test_numbers_are_numbers(console: Console, mona: Staff) -> None:
    """Settings of one's own have bounds, and a text is no number."""
    visit = console.logged_in(mona)
    good = {"most_looks": "9", "break_after_min": "30", "side_px": "100", "undo_s": "20"}
    assert visit.post("/console/me/comfort", good).status_code == 303
    assert visit.post("/console/me/comfort", {**good, "undo_s": "many"}).status_code == 400
    assert visit.post("/console/me/comfort", {**good, "undo_s": "600"}).status_code == 400
    assert "Your recovery codes" in text_of(visit.post("/console/me/recovery"))
