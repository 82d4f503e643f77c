# SPDX-License-Identifier: Apache-2.0
"""What time does to pursuits: clocks run out, and the next rung is drafted."""

from dataclasses import replace

import pytest

from noli.pursuit.model import Pursuit, RequestState, Rung
from tests.support.pursuit import ALL, TRACES, Pursuits


def _overdue(desk: Pursuits, pursuit: Pursuit) -> Pursuit:
    due = pursuit.requests[-1].due
    assert due is not None
    desk.clock.time = due.at
    desk.clock.move(seconds=1)
    desk.run("pursuit-clock", pursuit.id)
    return desk.load(pursuit.id)


def test_a_clock_that_runs_out_is_on_record_and_the_next_step_is_written() -> None:
    """The host was silent: the registrar's request is drafted, tells of it, and waits for staff; the person is told."""
    desk = Pursuits()
    pursuit = _overdue(desk, desk.sent())
    host, registrar = pursuit.requests
    assert (host.state, registrar.state, registrar.to.rung) == (
        RequestState.LAPSED,
        RequestState.DRAFTED,
        Rung.REGISTRAR,
    )
    assert "Racks GmbH on 26 November 2026" in registrar.text
    assert registrar.declared == host.declared
    assert registrar.lacks == ()
    assert len(desk.mailer.sent) == 1
    assert desk.casework.files.load(pursuit.case).timeline[-1].key == "request.lapsed"
    assert "pursuit-clock" not in {kind for kind, _ in desk.casework.memory.world.outbox.jobs.rows}


def test_a_clock_that_is_not_out_yet_is_looked_at_again() -> None:
    """Woken too early, nothing changes, and the job comes back just after the deadline."""
    desk = Pursuits()
    pursuit = desk.sent()
    again = desk.run("pursuit-clock", pursuit.id)
    assert pursuit.requests[0].due is not None
    assert again is not None
    assert again > pursuit.requests[0].due.at
    assert desk.load(pursuit.id) == pursuit


def test_where_the_operator_says_so_the_next_step_goes_out_by_itself() -> None:
    """By mail, complete, to an address that a registry gave: it is queued and sent."""
    desk = Pursuits(sends=True)
    pursuit = _overdue(desk, desk.sent())
    assert pursuit.requests[-1].state is RequestState.QUEUED
    desk.run("pursuit-mail", pursuit.id)
    assert [mail.to for mail in desk.mailer.sent] == ["abuse@racks.example", "abuse@names.example"]


@pytest.mark.parametrize("number", ["1068", "9999"])
def test_what_is_uncertain_waits_for_staff_all_the_same(number: str) -> None:
    """A form is no mail, and a registrar without an address leads to forms of search engines: both stay drafts."""
    desk = Pursuits(sends=True)
    assert TRACES.registration is not None
    silent = replace(TRACES.registration, registrar_id=number, abuse=())
    desk.tracer.traces = replace(TRACES, registration=silent)
    pursuit = _overdue(desk, desk.sent())
    assert pursuit.requests[-1].state is RequestState.DRAFTED
    assert pursuit.requests[-1].to.rung is (Rung.REGISTRAR if number == "1068" else Rung.SEARCH)


def test_when_nobody_is_left_the_lapse_is_on_record() -> None:
    """Where the ladder has nobody above, staff are told to look for somebody, and nothing is written."""
    desk = Pursuits()
    desk.tracer.traces = replace(TRACES, registration=None)
    pursuit = desk.sent()
    for number, name in enumerate(("google-search", "bing", "yandex"), 2):
        desk.service.draft(pursuit.id, Rung.SEARCH, name=name, wishes=ALL, actor="staff:ada")
        desk.service.sent_by_hand(pursuit.id, number, actor="staff:ada")
    lapsed = _overdue(desk, desk.load(pursuit.id))
    assert lapsed.proposed is Rung.PAYMENT
    assert len(lapsed.requests) == 4


def test_a_withdrawn_case_climbs_no_further() -> None:
    """The lapse is on record; nothing more is written. After an erasure there is nothing to look at."""
    desk = Pursuits()
    pursuit = desk.sent()
    desk.casework.cases.request_withdrawal(pursuit.case, erase=False)
    lapsed = _overdue(desk, pursuit)
    assert [request.state for request in lapsed.requests] == [RequestState.LAPSED]
    desk = Pursuits()
    pursuit = desk.sent()
    desk.casework.cases.request_withdrawal(pursuit.case, erase=True)
    assert desk.run("pursuit-clock", pursuit.id) is None
