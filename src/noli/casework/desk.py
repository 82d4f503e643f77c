# SPDX-License-Identifier: Apache-2.0
"""What staff do with cases. Who may do what is asked here, at each step; every look into a case is a ledger entry.

A list shows nothing personal and is no look. A look that cannot be recorded does not happen.
"""

from noli.access.model import Right, Staff
from noli.access.rules import require
from noli.base.errors import Conflict
from noli.base.secrecy import Keyring
from noli.casework import receipts, rules
from noli.casework.commands import AddNote, AssignCase, ChangeState, Command, RecordShare, ReleaseItem, SendMessage
from noli.casework.files import Act, CaseFiles, staff_actor
from noli.casework.limits import MAX_MESSAGE, MAX_NOTE, check_messages, check_text
from noli.casework.model import (
    Author,
    Case,
    CaseFilter,
    CaseId,
    CaseState,
    CaseSummary,
    ItemId,
    MessageId,
    StaffId,
)
from noli.casework.ports import CaseTransaction
from noli.evidence.model import Fact


class Desk:
    """The use cases of staff; safe to call from many threads."""

    def __init__(self, files: CaseFiles, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._files, self._keyring = files, keyring

    def cases(
        self, staff: Staff, wanted: CaseFilter | None = None, *, after: CaseId | None = None, limit: int = 50
    ) -> list[CaseSummary]:
        """List cases, newest first. Raises Forbidden."""
        require(staff, Right.LIST_CASES)
        with self._files.store.transaction() as transaction:
            return transaction.page(wanted or CaseFilter(), after=after, limit=limit)

    def find(self, staff: Staff, number: str) -> CaseId | None:
        """Find a case by the number that somebody tells on the telephone. Raises Forbidden."""
        require(staff, Right.LIST_CASES)
        digits = receipts.read_number(number)
        if digits is None:
            return None
        with self._files.store.transaction() as transaction:
            door = transaction.door(number=receipts.number_digest(self._keyring, digits))
        return None if door is None else door.case

    def view(self, staff: Staff, case: CaseId, *, reason: str = "") -> Case:
        """Open a case: the ledger says who and when.

        Args:
            staff: Who.
            case: Which.
            reason: Kept as a commitment only; for now pages may leave it empty.

        Raises:
            Forbidden: The role does not allow it.
            NotFound: There is no such case.
        """
        require(staff, Right.VIEW_CASES)
        check_text(reason, MAX_NOTE, "reason")
        with self._files.store.transaction(write=True) as transaction:
            found = rules.fold(case, transaction.history(case))
            fact = Fact("case.viewed", case, staff_actor(staff.id))
            transaction.record(fact, now=self._files.clock.now())
        return found

    def reply(self, staff: Staff, case: CaseId, text: str, *, id: str = "") -> Case:  # noqa: A002 - the field's name
        """Write to the person; ``id`` as in ``CaseService.send_message``. Raises Forbidden, InputError, Conflict."""
        check_text(text, MAX_MESSAGE, "message", least=1)
        check_text(id, 64, "id")

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            if id and id in {message.id for message in current.messages}:
                return []
            check_messages(current)
            return [SendMessage(MessageId(id or receipts.random_id()), Author.STAFF, text.strip(), staff.id)]

        return self._work(staff, case, act)

    def note(self, staff: Staff, case: CaseId, text: str) -> Case:
        """Write for other staff. Raises Forbidden, InputError, Conflict."""
        check_text(text, MAX_NOTE, "note", least=1)

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            check_messages(current)
            return [AddNote(StaffId(staff.id), text.strip())]

        return self._work(staff, case, act)

    def set_state(self, staff: Staff, case: CaseId, state: CaseState) -> Case:
        """Move a case. Raises Forbidden."""
        return self._work(staff, case, lambda *_: [ChangeState(state)])

    def take(self, staff: Staff, case: CaseId) -> Case:
        """Take a case that nobody has; who leads may take it from somebody. Raises Forbidden, Conflict."""
        return self._assign(staff, case, StaffId(staff.id), note="")

    def hand_over(self, staff: Staff, case: CaseId, to: Staff | None, *, note: str = "") -> Case:
        """Hand a case to a colleague, or (None) put it back, with a note for whoever has it next.

        Raises:
            Forbidden: Somebody else has it and the role does not lead; or the colleague may not work cases.
            Conflict: It changed hands meanwhile.
        """
        if to is not None:
            require(to, Right.WORK_CASES)
        return self._assign(staff, case, None if to is None else StaffId(to.id), note=note)

    def release(self, staff: Staff, case: CaseId, item: ItemId) -> Case:
        """Let a held item match, after a look at what was registered and why it was held.

        Raises:
            Forbidden: The role does not allow it.
            Conflict: There is no such held item, or it is being withdrawn.
        """
        require(staff, Right.LEAD_CASES)

        def act(transaction: CaseTransaction, current: Case) -> list[Command]:
            held = next((one for one in current.protected if one.id == item and one.held), None)
            if held is None or held.entry is None or current.withdrawal is not None:
                msg = "There is no held item of this id in the case, or it is being withdrawn."
                raise Conflict(msg)
            return [ReleaseItem(item, self._files.move(transaction, entry=held.entry), self._files.bank)]

        return self._work(staff, case, act)

    def record_share(self, staff: Staff, case: CaseId, recipient: str, step: str, *, reason: str = "") -> Case:
        """Note by hand what a recipient was given or said, until exchange does it. Raises Forbidden, Conflict."""
        check_text(recipient, 64, "recipient", least=1)
        check_text(reason, 64, "reason")

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            return [RecordShare(recipient, step, items=len(current.protected), reason=reason)]

        return self._work(staff, case, act)

    def _assign(self, staff: Staff, case: CaseId, to: StaffId | None, *, note: str) -> Case:
        check_text(note, MAX_NOTE, "note")

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            if current.assigned_to not in {None, StaffId(staff.id)}:
                require(staff, Right.LEAD_CASES)
            noted: list[Command] = [AddNote(StaffId(staff.id), note.strip())] if note.strip() else []
            return [*noted, AssignCase(to)]

        return self._work(staff, case, act)

    def _work(self, staff: Staff, case: CaseId, act: Act) -> Case:
        require(staff, Right.WORK_CASES)
        return self._files.act(case, act, actor=staff_actor(staff.id))
