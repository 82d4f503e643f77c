# SPDX-License-Identifier: Apache-2.0
"""What a person does at their own case, once logged in.

Who calls has authenticated the session (``Entrance.authenticate``) and checked the form (``check_csrf``); everything
here takes the case's id from the session, never from a form. Opening a case is ``intake.py``, coming back
``entrance.py``, what staff do ``desk.py``, what time does ``upkeep.py``.
"""

from noli.casework import export
from noli.casework.commands import (
    AddItems,
    AddLinks,
    ChangeConsent,
    ChangeContact,
    Command,
    RequestWithdrawal,
    RevokeWithdrawal,
    SendMessage,
)
from noli.casework.files import PERSON, CaseFiles
from noli.casework.intake import numbered
from noli.casework.limits import MAX_CONTACT, MAX_MESSAGE, check_items, check_links, check_messages, check_text
from noli.casework.model import Author, Case, CaseId, MessageId, NewItem, NewLink, Recipient
from noli.casework.ports import CaseTransaction, Exported
from noli.casework.receipts import random_id


class CaseService:
    """The use cases of a person at their case; safe to call from many threads."""

    def __init__(self, files: CaseFiles) -> None:
        """Keep the files."""
        self._files = files

    def view(self, case: CaseId) -> Case:
        """Return the case; ``Case.timeline`` is what happened, ``Case.withdrawal`` what waits. Raises NotFound.

        Pages must not show ``Item.held``, ``Case.notes`` or ``Case.assigned_to``, and no hash.
        """
        return self._files.load(case)

    def add_items(self, case: CaseId, items: tuple[NewItem, ...]) -> Case:
        """Protect more; what the case has already changes nothing, so a repeated request is harmless.

        Raises:
            InputError: Too many, too large, or hashes that no picture has.
            Conflict: The case was withdrawn, or a withdrawal waits.
            Unavailable: The banks are not loaded; nothing was stored.
        """
        check_items(items, held=0)
        near = self._files.common(items)

        def act(transaction: CaseTransaction, current: Case) -> list[Command]:
            return [AddItems(self._files.banked(transaction, current, items, near))]

        return self._files.act(case, act, actor=PERSON)

    def add_links(self, case: CaseId, links: tuple[NewLink, ...]) -> Case:
        """Tell where copies are; an address that the case has already changes nothing.

        Raises:
            InputError: Too many, too long, or no web address.
            Conflict: The case was withdrawn, or a withdrawal waits.
        """

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            check_links(links, held=len(current.links))
            return [AddLinks(numbered(links))]

        return self._files.act(case, act, actor=PERSON)

    def send_message(self, case: CaseId, text: str, *, id: str = "") -> Case:  # noqa: A002 - the field's name
        """Write to the caseworkers.

        Args:
            case: Which.
            text: What; 1 to ``MAX_MESSAGE`` characters.
            id: A random id made with the form, so that sending it twice is one message.

        Raises:
            InputError: Empty, too long, or too many messages.
            Conflict: The case was erased.
        """
        check_text(text, MAX_MESSAGE, "message", least=1)
        check_text(id, 64, "id")

        def act(_: CaseTransaction, current: Case) -> list[Command]:
            if id and id in {message.id for message in current.messages}:
                return []
            check_messages(current)
            return [SendMessage(MessageId(id or random_id()), Author.PERSON, text.strip())]

        return self._files.act(case, act, actor=PERSON)

    def change_contact(self, case: CaseId, contact: str) -> Case:
        """Give, change or (empty) take back how to be reached. Raises InputError, Conflict where it was erased."""
        check_text(contact, MAX_CONTACT, "contact")
        return self._files.act(case, lambda *_: [ChangeContact(contact.strip())], actor=PERSON)

    def change_consent(self, case: CaseId, recipient: Recipient, *, given: bool) -> Case:
        """Give or take back consent for one kind of recipient.

        Raises:
            InputError: Matching here cannot be taken back while something is protected; withdraw instead.
            Conflict: The case was withdrawn, or a withdrawal waits.
        """
        return self._files.act(case, lambda *_: [ChangeConsent(recipient, given=given)], actor=PERSON)

    def request_withdrawal(self, case: CaseId, *, erase: bool) -> Case:
        """Withdraw everything: at once, or after the delay chosen at the start; asking twice changes nothing.

        Where it takes effect at once, nothing matches any more when this returns, in this process; in others within a
        second. With ``erase`` contact, texts, labels and links are destroyed when it takes effect; number and words go
        on showing that, when, and what recipients say.
        """
        return self._files.act(case, lambda *_: [RequestWithdrawal(erase=erase)], actor=PERSON)

    def revoke_withdrawal(self, case: CaseId) -> Case:
        """Take back a withdrawal that waits; where none does nothing changes."""
        return self._files.act(case, lambda *_: [RevokeWithdrawal()], actor=PERSON)

    def download(self, case: CaseId) -> Exported:
        """Return everything that is stored about the case, for ``json.dumps``. Raises NotFound.

        Holds everything but the passphrase (stored nowhere), the caseworkers' names, and whether an item is held.
        """
        with self._files.store.transaction() as transaction:
            history = transaction.history(case)
            number = transaction.number_of(case)
            entries = {
                item.id: transaction.banks.entry(item.bank, item.entry)
                for item in export.folded(case, history).items
                if item.entry is not None
            }
        return export.everything(case, number, history, entries)
