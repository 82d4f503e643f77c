# SPDX-License-Identifier: Apache-2.0
"""What staff do: within their rights, and on the record."""

import pytest

from noli.access.model import Role, Staff
from noli.base.errors import Conflict, Forbidden, InputError, NotFound
from noli.casework.model import CaseFilter, CaseId, CaseState, ItemId, Receipt
from noli.evidence.service import LedgerService
from tests.support.casework import CALLER, Casework, FakeClock, made_up_item, submission

NOW = FakeClock().now()


def _staff(name: str, role: Role = Role.CASEWORKER) -> Staff:
    return Staff(f"id-{name}", name, role, NOW, NOW)


ANNA, BELA = _staff("anna"), _staff("bela")
LEAD, ADMIN, AUDITOR = _staff("lead", Role.LEAD), _staff("admin", Role.ADMIN), _staff("auditor", Role.AUDITOR)


@pytest.fixture
def world() -> Casework:
    """Casework with a case that holds a common picture and one of its own."""
    made = Casework()
    common = made_up_item(1)
    made.common.values = {common.hashes[0].value}
    made.receipt = made.submit(submission(common, made_up_item(2)))  # type: ignore[attr-defined] # for the tests below
    return made


def _case(world: Casework) -> CaseId:
    receipt: Receipt = world.receipt  # type: ignore[attr-defined] # set above
    return world.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case


def _kinds(world: Casework) -> list[tuple[str, str]]:
    return [(entry.fact.kind, entry.fact.actor) for entry in world.memory.entries()]


def test_every_look_is_in_the_ledger(world: Casework) -> None:
    """Who opens a case stands in the ledger, with when and which, as often as they open it."""
    case = _case(world)
    before = len(_kinds(world))
    assert world.desk.view(ANNA, case).id == case
    world.desk.view(BELA, case, reason="call from the person")
    assert _kinds(world)[before:] == [("case.viewed", "staff:id-anna"), ("case.viewed", "staff:id-bela")]
    assert LedgerService(world.memory).verify().whole
    with pytest.raises(NotFound):
        world.desk.view(ANNA, CaseId("nobody"))


def test_a_list_shows_what_is_to_do(world: Casework) -> None:
    """The list is filtered by state, by who has it, by who waits, by what is held; it needs no look."""
    case = _case(world)
    [one] = world.desk.cases(ANNA)
    assert (one.items, one.held, one.waits_for_staff, one.assigned_to) == (2, 1, False, None)
    world.cases.send_message(case, "hello")
    world.desk.take(ANNA, case)
    world.desk.set_state(ANNA, case, CaseState.IN_PROGRESS)
    for wanted, found in (
        (CaseFilter(state=CaseState.IN_PROGRESS), 1),
        (CaseFilter(state=CaseState.OPEN), 0),
        (CaseFilter(assigned_to=one.assigned_to), 1),
        (CaseFilter(unassigned=True), 0),
        (CaseFilter(waits_for_staff=True), 1),
        (CaseFilter(held=True), 1),
    ):
        assert len(world.desk.cases(ANNA, wanted)) == found
    world.desk.reply(ANNA, case, "hi")
    assert world.desk.cases(ANNA, CaseFilter(waits_for_staff=True)) == []
    assert ("case.viewed", "staff:id-anna") not in _kinds(world)


def test_pages_of_a_list_follow_each_other(world: Casework) -> None:
    """Newest first, each case once."""
    for _ in range(4):
        world.clock.move(minutes=1)
        world.submit(submission())
    seen: list[CaseId] = []
    while page := world.desk.cases(ANNA, after=seen[-1] if seen else None, limit=2):
        seen += [each.id for each in page]
    assert len(seen) == len(set(seen)) == 5
    assert seen[-1] == _case(world)


def test_a_case_is_found_by_its_number(world: Casework) -> None:
    """Somebody calls and tells the number; a wrong one finds nothing."""
    number = world.receipt.number  # type: ignore[attr-defined] # set above
    assert world.desk.find(ANNA, number.lower()) == _case(world)
    assert world.desk.find(ANNA, "0000-0000-0000") is None
    assert world.desk.find(ANNA, "nothing") is None


def test_staff_write_and_note(world: Casework) -> None:
    """A reply reaches the person, a note does not reach the timeline; both once for each form."""
    case = _case(world)
    world.desk.reply(ANNA, case, "hello", id="form")
    found = world.desk.reply(ANNA, case, "hello", id="form")
    assert [message.text for message in found.messages] == ["hello"]
    found = world.desk.note(ANNA, case, "called back")
    assert [note.text for note in found.notes] == ["called back"]
    assert "called back" not in str(world.cases.view(case).timeline)
    for wrong in ("", "x" * 1001):
        with pytest.raises(InputError):
            world.desk.note(ANNA, case, wrong)


def test_a_case_changes_hands(world: Casework) -> None:
    """Who has it hands it over or puts it back, with a note; nobody else takes it but who leads."""
    case = _case(world)
    assert world.desk.take(ANNA, case).assigned_to == ANNA.id
    with pytest.raises(Forbidden):
        world.desk.take(BELA, case)
    found = world.desk.hand_over(ANNA, case, BELA, note="speaks Hungarian")
    assert (found.assigned_to, found.notes[-1].text) == (BELA.id, "speaks Hungarian")
    with pytest.raises(Forbidden):
        world.desk.hand_over(ANNA, case, ANNA)
    with pytest.raises(Forbidden):
        world.desk.hand_over(BELA, case, AUDITOR)
    assert world.desk.take(LEAD, case).assigned_to == LEAD.id
    assert world.desk.hand_over(LEAD, case, None).assigned_to is None


def test_a_held_item_is_released_by_who_leads(world: Casework) -> None:
    """Released it matches, once, under the same hashes; its place among the held ones is withdrawn."""
    case = _case(world)
    held = next(item for item in world.cases.view(case).items if item.held)
    with pytest.raises(Forbidden):
        world.desk.release(ANNA, case, held.id)
    found = world.desk.release(LEAD, case, held.id)
    assert not [item for item in found.items if item.held]
    with world.store.transaction() as transaction:
        assert transaction.banks.bank("intake").entries == 2
        assert transaction.banks.bank("intake-held").entries == 0
    for item in (held.id, ItemId("other")):
        with pytest.raises(Conflict):
            world.desk.release(LEAD, case, item)
    world.cases.request_withdrawal(case, erase=False)
    with world.store.transaction() as transaction:
        assert transaction.banks.bank("intake").entries == 0


def test_what_recipients_did_is_noted(world: Casework) -> None:
    """Until exchange does it, staff note by hand what was shared, and with whom."""
    case = _case(world)
    world.desk.record_share(ANNA, case, "partner", "shared")
    found = world.desk.record_share(ANNA, case, "partner", "refused", reason="no-protocol")
    assert (found.shares[0].recipient, found.shares[0].refused) == ("partner", "no-protocol")


def test_roles_bound_what_staff_can_do(world: Casework) -> None:
    """An admin and an auditor see no case, and neither does somebody whose account was closed."""
    case = _case(world)
    before = len(_kinds(world))
    closed = Staff("id-x", "x", Role.LEAD, NOW, NOW, NOW)
    for staff in (ADMIN, AUDITOR, closed):
        for attempt in (
            lambda who=staff: world.desk.cases(who),
            lambda who=staff: world.desk.find(who, "x"),
            lambda who=staff: world.desk.view(who, case),
            lambda who=staff: world.desk.reply(who, case, "x"),
            lambda who=staff: world.desk.note(who, case, "x"),
            lambda who=staff: world.desk.take(who, case),
            lambda who=staff: world.desk.set_state(who, case, CaseState.CLOSED),
            lambda who=staff: world.desk.release(who, case, ItemId("x")),
        ):
            with pytest.raises(Forbidden):
                attempt()
    assert len(_kinds(world)) == before
