# SPDX-License-Identifier: Apache-2.0
"""What the console calls things: roles, rights, states and kinds, as texts to be translated."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from noli.access.model import Right, Role
from noli.casework.model import (
    CaseState,
    ItemKind,
    ItemState,
    Recipient,
    Recovery,
    Reporter,
    Situation,
    WithdrawalDelay,
)
from noli.pursuit.model import Rung


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "to be translated later"
    """Mark a text for translation."""
    return text


_WORDS: Mapping[type[StrEnum], Mapping[Any, str]] = {
    Role: {
        Role.CASEWORKER: N_("caseworker"),
        Role.MODERATOR: N_("moderator"),
        Role.LEAD: N_("lead"),
        Role.ADMIN: N_("administrator"),
        Role.AUDITOR: N_("auditor"),
    },
    Right: {
        Right.LIST_CASES: N_("See the list of cases"),
        Right.VIEW_CASES: N_("Open a case and read it"),
        Right.WORK_CASES: N_("Answer, take notes, change the state, take and hand over"),
        Right.LEAD_CASES: N_("Take a case from a colleague, decide on held items"),
        Right.LIST_NOTICES: N_("See the queue of notices"),
        Right.VIEW_NOTICES: N_("Open a notice and read it"),
        Right.WORK_NOTICES: N_("Take notices, decide about them and about complaints, propose what cannot be undone"),
        Right.LEAD_NOTICES: N_("Take a notice from a colleague, hold, keep records, confirm what cannot be undone"),
        Right.MANAGE_STAFF: N_("Make, renew and close accounts"),
        Right.READ_LEDGER: N_("Read the ledger"),
    },
    CaseState: {
        CaseState.OPEN: N_("open"),
        CaseState.IN_PROGRESS: N_("in progress"),
        CaseState.WAITING: N_("waiting for others"),
        CaseState.CLOSED: N_("closed"),
    },
    Reporter: {
        Reporter.DEPICTED_PERSON: N_("the person shown"),
        Reporter.HELPLINE: N_("a helpline"),
        Reporter.LAWYER: N_("a lawyer"),
        Reporter.GUARDIAN: N_("a parent or guardian"),
        Reporter.FRIEND: N_("a friend"),
        Reporter.OTHER: N_("somebody else"),
    },
    Situation: {
        Situation.FILES: N_("has the pictures or videos"),
        Situation.LINKS: N_("has links only"),
        Situation.THREAT: N_("is threatened"),
    },
    Rung: {
        Rung.SITE: N_("site"),
        Rung.HOST: N_("hosting provider"),
        Rung.CDN: N_("delivery network"),
        Rung.REGISTRAR: N_("registrar"),
        Rung.SEARCH: N_("search engine"),
        Rung.PAYMENT: N_("payment provider"),
    },
    ItemKind: {ItemKind.IMAGE: N_("picture"), ItemKind.VIDEO: N_("video")},
    ItemState: {ItemState.PROTECTED: N_("protected"), ItemState.WITHDRAWN: N_("withdrawn")},
    Recipient: {
        Recipient.HERE: N_("this installation"),
        Recipient.PARTNERS: N_("partner platforms"),
        Recipient.HELPLINES: N_("partner helplines"),
    },
    Recovery: {Recovery.NONE: N_("none"), Recovery.CODE: N_("with a code")},
    WithdrawalDelay: {
        WithdrawalDelay.AT_ONCE: N_("at once"),
        WithdrawalDelay.AFTER_72_HOURS: N_("after 72 hours"),
    },
}

#: Kinds of facts in the ledger.
FACTS: Mapping[str, str] = {
    "case.opened": N_("The case was opened"),
    "case.viewed": N_("Looked at the case"),
    "item.added": N_("A picture or video was registered"),
    "item.released": N_("A held item was released"),
    "link.added": N_("A link was added"),
    "message.sent": N_("A message was sent"),
    "contact.changed": N_("The contact was changed"),
    "consent.changed": N_("A consent was changed"),
    "passphrase.replaced": N_("The words were replaced"),
    "matches.found": N_("Copies were found"),
    "share.made": N_("A recipient was given the hashes"),
    "share.confirmed": N_("A recipient confirmed"),
    "withdrawal.told": N_("A recipient was told of the withdrawal"),
    "withdrawal.confirmed": N_("A recipient confirmed the withdrawal"),
    "withdrawal.refused": N_("A recipient cannot withdraw"),
    "case.request-stepped": N_("The person's page told of a request"),
    "withdrawal.requested": N_("Withdrawal was asked for"),
    "withdrawal.revoked": N_("Withdrawal was taken back"),
    "case.withdrawn": N_("Everything was withdrawn"),
    "case.erased": N_("Personal data were destroyed"),
    "state.changed": N_("The state was changed"),
    "case.assigned": N_("The case was taken or handed over"),
    "note.added": N_("A note was written"),
    "pursuit.opened": N_("Somebody began to pursue links"),
    "pursuit.viewed": N_("Looked at a pursuit"),
    "pursuit.copy-added": N_("A link was added to a pursuit"),
    "pursuit.looked-up": N_("Registries were asked who is responsible"),
    "pursuit.party-added": N_("Somebody responsible was named"),
    "pursuit.step-proposed": N_("The next step was proposed"),
    "request.drafted": N_("A request was drafted"),
    "request.dropped": N_("A draft was thrown away"),
    "request.mail-queued": N_("A mail was let go"),
    "request.mail-sent": N_("A mail was sent"),
    "request.mail-failed": N_("A mail could not be sent"),
    "request.sent": N_("A request was sent"),
    "request.reply-received": N_("Mail came back"),
    "request.replies-read": N_("Staff read what came back"),
    "request.settled": N_("What became of a request was put on record"),
    "request.lapsed": N_("The clock of a request ran out"),
    "staff.created": N_("An account was made"),
    "staff.set_up": N_("An account was set up"),
    "staff.renewed": N_("An account was renewed"),
    "staff.disabled": N_("An account was closed"),
}

#: What was just done, said on the page that follows.
DONE: Mapping[str, str] = {
    "replied": N_("Your message was sent. The person sees it when they open their case."),
    "noted": N_("Your note was saved."),
    "state": N_("The state was changed."),
    "taken": N_("This case is yours now."),
    "handed": N_("The case was handed over."),
    "released": N_("The item was released: it matches from now on."),
    "kept": N_("The item stays held; your reason was saved as a note."),
    "closed": N_("The account was closed. Whoever used it was logged out."),
    "others": N_("You were logged out everywhere else."),
    "unknown-number": N_("There is no case with this number. Check the digits and letters with the person."),
}


def of(value: StrEnum) -> str:
    """Return the text, in English, for a member of an enumeration."""
    return _WORDS[type(value)][value]
