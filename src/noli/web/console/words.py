# SPDX-License-Identifier: Apache-2.0
"""What the console calls things: roles, rights, states and kinds, as texts to be translated."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from noli.access.model import Right, Role
from noli.bank.model import Action, EntryState, OpinionKind
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
from noli.matching.model import Closeness
from noli.notices.model import Ground, Measure, NoticeState, Opening, Plea, Via
from noli.pursuit.model import Outcome, PursuitState, ReplyKind, RequestState, Rung
from noli.regimes.model import Content, Duty, Field, Filer, Need, Party, SetBy


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
    Content: {
        Content.AUTHENTIC: N_("real pictures or videos"),
        Content.SYNTHETIC: N_("made or altered by a computer"),
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

# What pursuits are called, and their requests.
_OF_PURSUITS: Mapping[type[StrEnum], Mapping[Any, str]] = {
    PursuitState: {
        PursuitState.OPEN: N_("nobody asked yet"),
        PursuitState.RUNNING: N_("a clock runs"),
        PursuitState.WAITING: N_("waiting for us"),
        PursuitState.DONE: N_("gone"),
    },
    RequestState: {
        RequestState.DRAFTED: N_("draft"),
        RequestState.QUEUED: N_("on its way"),
        RequestState.UNDELIVERED: N_("not delivered"),
        RequestState.SENT: N_("sent"),
        RequestState.ANSWERED: N_("answered"),
        RequestState.LAPSED: N_("time ran out"),
        RequestState.SETTLED: N_("settled"),
        RequestState.DROPPED: N_("thrown away"),
    },
    Outcome: {
        Outcome.REMOVED: N_("It is gone"),
        Outcome.REFUSED: N_("They refuse"),
        Outcome.PASSED_ON: N_("They point at others"),
    },
    ReplyKind: {
        ReplyKind.ANSWER: N_("Answer"),
        ReplyKind.AUTOMATIC: N_("Answer of a machine"),
        ReplyKind.BOUNCE: N_("Could not be delivered"),
    },
}

#: What staff stand in for in a request.
DECLARATIONS: Mapping[Field, str] = {
    Field.STATEMENT: N_("They told us that it is intimate, and that they did not agree to its publication."),
    Field.GOOD_FAITH: N_("We write in good faith."),
    Field.ACCURACY: N_("As far as we know, all of it is true and complete."),
}

#: Sentences that requests keep of mail that could not be sent.
FAILURES = (
    N_("The mail server refused this mail for good; the address may be wrong."),
    N_("The case was withdrawn before this was sent."),
)

_OF_NOTICES: Mapping[type[StrEnum], Mapping[Any, str]] = {
    NoticeState: {
        NoticeState.INCOMPLETE: N_("incomplete"),
        NoticeState.OPEN: N_("to decide"),
        NoticeState.PROVISIONAL: N_("out of sight for now"),
        NoticeState.DECIDED: N_("decided"),
        NoticeState.CONTESTED: N_("contested"),
        NoticeState.WITHDRAWN: N_("taken back"),
    },
    Opening: {
        Opening.REQUEST: N_("Request"),
        Opening.ORDER: N_("Order"),
        Opening.DETECTION: N_("Match"),
        Opening.POLICY: N_("Own finding"),
    },
    Filer: {
        Filer.SELF: N_("the person shown"),
        Filer.AGENT: N_("somebody who acts for them"),
        Filer.HELPLINE: N_("a helpline"),
        Filer.TRUSTED_FLAGGER: N_("a trusted flagger"),
        Filer.ANYONE: N_("somebody else"),
    },
    Via: {Via.NOTICE: N_("named in the notice"), Via.MATCH: N_("found by its hash"), Via.COPY: N_("found as a copy")},
    Measure: {
        Measure.REMOVE: N_("Remove"),
        Measure.DISABLE: N_("Make unreachable"),
        Measure.PROVISIONAL_DISABLE: N_("Out of sight for now"),
        Measure.GEO_RESTRICT: N_("Restrict to places"),
        Measure.REFUSE_UPLOAD: N_("Refuse the upload"),
        Measure.KEEP: N_("Keep"),
    },
    Ground: {
        Ground.INTIMATE: N_("intimate, without consent"),
        Ground.SYNTHETIC: N_("made to look intimate, without consent"),
        Ground.THREAT: N_("threat to publish"),
        Ground.COPY: N_("copy of what was removed"),
        Ground.MATCH: N_("matches what is protected"),
        Ground.ORDERED: N_("ordered"),
        Ground.TERMS: N_("against the terms"),
        Ground.PRECAUTION: N_("as a precaution"),
        Ground.NOT_INTIMATE: N_("nobody is shown intimately"),
        Ground.CONSENT_SHOWN: N_("consent is shown"),
        Ground.NOT_ENTITLED: N_("not from the person shown, nor for them"),
        Ground.NOT_FOUND: N_("content not found"),
        Ground.NEVER_COMPLETED: N_("never completed"),
        Ground.FALSE_MATCH: N_("only resembles what is protected"),
        Ground.MISTAKEN: N_("mistaken"),
        Ground.FRAUDULENT: N_("fraudulent notice"),
        Ground.MALICIOUS: N_("malicious notice"),
        Ground.REVOKED: N_("the order was revoked"),
    },
    Duty: {
        Duty.ACKNOWLEDGE: N_("Confirm receipt"),
        Duty.ASK_FOR_MISSING: N_("Ask for what is missing"),
        Duty.TRIAGE: N_("First look"),
        Duty.REVIEW: N_("Decide about the match"),
        Duty.PROVISIONAL_DISABLE: N_("Put out of sight"),
        Duty.REMOVE: N_("Remove"),
        Duty.REMOVE_COPIES: N_("Remove copies"),
        Duty.RESTORE: N_("Restore"),
        Duty.TELL_NOTIFIER: N_("Tell who notified"),
        Duty.TELL_UPLOADER: N_("Tell who uploaded"),
        Duty.TELL_AUTHORITY: N_("Tell the authority"),
        Duty.REPORT_DECISION: N_("Report the decision"),
        Duty.RESOLVE: N_("Settle it"),
        Duty.DECIDE_COMPLAINT: N_("Decide about the complaint"),
        Duty.REPORT_POSSIBLE_MINOR: N_("Report a possible minor"),
        Duty.COMPLAIN: N_("Complain"),
        Duty.TURN_TO_BODY: N_("Turn to a body outside"),
    },
    SetBy: {
        SetBy.LAW: N_("by law"),
        SetBy.AUTHORITY: N_("an authority expects it"),
        SetBy.HOUSE: N_("our own target"),
    },
    Party: {
        Party.PLATFORM: N_("the platform"),
        Party.NOTIFIER: N_("who notified"),
        Party.UPLOADER: N_("who uploaded"),
        Party.AUTHORITY: N_("the authority"),
    },
    Plea: {Plea.COMPLAINT: N_("complaint"), Plea.COUNTER_NOTICE: N_("counter-notice")},
    Need: {Need.REQUIRED: N_("required"), Need.ASKED: N_("would help")},
    Field: {
        Field.LOCATION: N_("where it is"),
        Field.STATEMENT: N_("statement"),
        Field.REASONS: N_("reasons"),
        Field.CAPACITY: N_("who files"),
        Field.NAME: N_("name"),
        Field.CONTACT: N_("contact"),
        Field.GOOD_FAITH: N_("good faith"),
        Field.ACCURACY: N_("accuracy"),
        Field.SIGNATURE: N_("signature"),
    },
    EntryState: {EntryState.ACTIVE: N_("active"), EntryState.WITHDRAWN: N_("withdrawn")},
    OpinionKind: {
        OpinionKind.TRUE_POSITIVE: N_("confirmed"),
        OpinionKind.FALSE_POSITIVE: N_("a false match"),
        OpinionKind.DISPUTED: N_("doubtful"),
    },
    Action: {Action.BLOCK: N_("block"), Action.REVIEW: N_("review"), Action.LOG: N_("log only")},
    Closeness: {Closeness.SAME: N_("the same"), Closeness.NEAR: N_("near"), Closeness.EDGE: N_("at the edge")},
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
    "evidence.captured": N_("An evidence package was made"),
    "evidence.fetched": N_("Took an evidence package along"),
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
    "staff.passkey-added": N_("A passkey was added"),
    "staff.passkey-removed": N_("A passkey was removed"),
    "staff.recovery-made": N_("Recovery codes were made"),
    "staff.recovery-used": N_("A recovery code was used"),
    "ledger.key_rotated": N_("A new key signs the ledger"),
    "record.viewed": N_("Looked at a record"),
    "record.opened": N_("A record was opened"),
    "record.flagger-checked": N_("A trusted flagger was checked"),
    "record.notice-counted": N_("A notice was counted"),
    "record.conduct-noted": N_("Something was found against somebody"),
    "record.conduct-cleared": N_("What was found was cleared"),
    "record.warned": N_("Somebody was warned"),
    "record.heard": N_("Somebody answered a warning"),
    "record.suspended": N_("An account was restricted"),
    "record.termination-proposed": N_("Closing an account was proposed"),
    "record.termination-dropped": N_("An account is not closed"),
    "record.terminated": N_("Somebody’s account was closed"),  # noqa: RUF001 - an apostrophe
    "record.told": N_("The account’s owner was told"),  # noqa: RUF001 - an apostrophe
    "record.complained": N_("The account’s owner complained"),  # noqa: RUF001 - an apostrophe
    "record.complaint-decided": N_("A complaint about an account was decided"),
    "record.suspension-lifted": N_("A restriction was lifted"),
    "notice.viewed": N_("Looked at the notice"),
    "notice.looked-at": N_("Was shown a preview"),
    "notice.received": N_("A notice came in"),
    "notice.content-added": N_("Content was added"),
    "notice.fields-given": N_("What was missing was given"),
    "notice.examined": N_("The notice was examined"),
    "notice.told": N_("One of the sides was told"),
    "notice.decided": N_("A decision took effect"),
    "notice.planned": N_("Somebody decided"),
    "notice.plan-dropped": N_("The decision was taken back"),
    "notice.note": N_("A note was written"),
    "notice.kept-down": N_("Hashes were banked"),
    "notice.let-up": N_("Hashes were withdrawn"),
    "notice.copies-sought": N_("A search for copies began"),
    "notice.copies-found": N_("The search for copies ended"),
    "notice.reinstated": N_("The content was restored"),
    "notice.complained": N_("Somebody complained"),
    "notice.complaint-decided": N_("A complaint was decided"),
    "notice.dispute": N_("A body outside was heard"),
    "notice.order-revoked": N_("The order was revoked"),
    "notice.withdrawn": N_("The notice was taken back"),
    "notice.held": N_("A hold was placed"),
    "notice.hold-lifted": N_("A hold was lifted"),
    "notice.reported": N_("The decision was reported"),
    "notice.taken": N_("The notice was taken or handed over"),
    "notice.upload-seen": N_("The upload was seen again"),
    "notice.clock-warned": N_("A clock is short"),
    "notice.escalated": N_("A clock was passed on"),
    "notice.clock-breached": N_("A clock was missed"),
    "notice.minor-suspected": N_("Possibly somebody under 18"),
    "notice.minor-reported": N_("A possible minor was reported"),
    "notice.erasure-proposed": N_("Destroying personal data was proposed"),
    "notice.erasure-dropped": N_("Destroying personal data was turned down"),
    "notice.hold-ended": N_("A hold ended"),
    "notice.erased": N_("Personal data were destroyed"),
}

#: What was just done, said on the page that follows.
DONE: Mapping[str, str] = {
    "replied": N_("Your message was sent. The person sees it when they open their case."),
    "noted": N_("Your note was saved."),
    "state": N_("The state was changed."),
    "taken": N_("This case is yours now."),
    "handed": N_("The case was handed over."),
    "evidence": N_("The evidence package was made. You find it beside the story."),
    "released": N_("The item was released: it matches from now on."),
    "kept": N_("The item stays held; your reason was saved as a note."),
    "closed": N_("The account was closed. Whoever used it was logged out."),
    "others": N_("You were logged out everywhere else."),
    "planned": N_("Decided. Until the time is over you can take it back."),
    "ruled": N_("Decided, with effect at once: a clock was about to end."),
    "planned-all": N_("Decided about all that you chose. Each can be taken back until its time is over."),
    "undone": N_("Taken back. Nothing was told or changed."),
    "late": N_("It has taken effect already; decide anew to change it."),
    "notice-taken": N_("This notice is yours now."),
    "notice-handed": N_("The notice was handed over."),
    "complaint": N_("The complaint was decided. Who complained is told."),
    "young": N_("It is out of sight, and nobody looks at it again. Report it now: the clock runs."),
    "erasure-proposed": N_("Proposed. Nothing is destroyed until a lead confirms it."),
    "erasure-dropped": N_("It is not done. Everything stays."),
    "erased": N_("Personal data were destroyed."),
    "reported": N_("The report is on record."),
    "opinion": N_("Your opinion was saved; the newest of each counts."),
    "view-saved": N_("The view was saved."),
    "view-gone": N_("The view was removed."),
    "comfort": N_("Your settings were saved."),
    "session-ended": N_("That session was ended."),
    "passkey-added": N_("The passkey was added. You can log in with it from now on."),
    "passkey-removed": N_("The passkey was removed."),
    "no-passkey": N_("The passkey could not be added. Try again, or use another device."),
    "all-done": N_("Nothing more is waiting for a decision."),
    "pursued": N_("Looked up who is responsible."),
    "looked-up": N_("Looked up anew."),
    "named": N_("They are in the list now."),
    "drafted": N_("The letter is written. Read it before you send it."),
    "request-send": N_("It is on its way. The clock starts when the mail server takes it."),
    "request-by-hand": N_("Noted as sent. The clock runs."),
    "request-read": N_("Noted as read. The clock runs on."),
    "request-drop": N_("The draft was thrown away."),
    "request-removed": N_("On record: it is gone. The person sees it."),
    "request-refused": N_("On record: they refuse. The next step is proposed."),
    "request-passed-on": N_("On record: they point at others. The next step is proposed."),
    "unknown-number": N_("There is no case with this number. Check the digits and letters with the person."),
}

_ALL = {**_WORDS, **_OF_PURSUITS, **_OF_NOTICES}


def of(value: StrEnum) -> str:
    """Return the text, in English, for a member of an enumeration."""
    return _ALL[type(value)][value]
