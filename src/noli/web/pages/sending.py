# SPDX-License-Identifier: Apache-2.0
"""Taking a submission: as JSON from the page's script, or as the fields of a page without script.

Only hashes come in, never a file: nothing else is read, and a body is bounded by what the stated number of pictures and
videos may need. Without script the proof of work is done here, one at a time: such a submission holds no hashes, so a
flood of them reaches no bank; quotas hold for both.
"""

import threading

import msgspec

from noli.base.errors import InputError, Throttled
from noli.casework import work
from noli.casework.limits import MAX_ITEMS_AT_ONCE, max_body_bytes
from noli.casework.model import (
    AgeAnswer,
    ItemKind,
    NewItem,
    NewLink,
    Receipt,
    Recipient,
    Recovery,
    Reporter,
    Situation,
    Submission,
    WithdrawalDelay,
)
from noli.hashing.model import Hash, Variant
from noli.web.api.operation import Call, Reply
from noli.web.api.problems import TooLarge
from noli.web.html import render, visits
from noli.web.pages.links import links_of

#: Bytes of the largest submission that can be: all pictures and videos that may come at once.
MAX_BODY_BYTES = max_body_bytes(MAX_ITEMS_AT_ONCE, MAX_ITEMS_AT_ONCE)

# Seconds a submission without script waits for its turn.
_TURN_S = 5.0

_turn = threading.Lock()


class HashIn(msgspec.Struct, array_like=True, frozen=True):
    """One hash: ``["<64 hex digits>", quality, "variant", milliseconds]``; the time only in a video."""

    value: str
    quality: int
    variant: Variant = Variant.ORIGINAL
    at_ms: int = -1


class ItemIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture or video."""

    kind: ItemKind
    hashes: list[HashIn]
    label: str = ""


class SubmissionIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is sent, and nothing else is."""

    age: AgeAnswer
    situation: Situation
    language: str
    token: str
    proof: str
    reporter: Reporter
    representative: str = ""
    items: list[ItemIn] = []
    links: list[str] = []
    consents: list[Recipient] = []
    contact: str = ""
    narrative: str = ""
    recovery: Recovery = Recovery.NONE
    delay: WithdrawalDelay = WithdrawalDelay.AT_ONCE


class ReceiptOut(msgspec.Struct, frozen=True):
    """What is shown once."""

    number: str
    passphrase: str
    recovery_code: str


class ChallengeOut(msgspec.Struct, frozen=True):
    """A proof of work to be done."""

    text: str
    bits: int


def challenge(call: Call) -> ChallengeOut:
    """Make a new challenge, for a page that was open for long."""
    made = call.app.intake.challenge()
    return ChallengeOut(made.text, made.bits)


def submit(call: Call) -> ReceiptOut:
    """Open a case; sent again with the same token, answer the same."""
    visits.check_origin(call)
    given: SubmissionIn = call.given
    submission = Submission(
        age=given.age,
        situation=given.situation,
        language=given.language,
        reporter=given.reporter,
        representative=given.representative.strip(),
        items=items_of(given.items, call.body),
        links=tuple(map(NewLink, given.links)),
        consents=frozenset(given.consents),
        contact=given.contact.strip(),
        narrative=given.narrative.strip(),
        recovery=given.recovery,
        delay=given.delay,
    )
    made = call.app.intake.submit(submission, token=given.token, proof=given.proof, caller=visits.caller(call))
    return ReceiptOut(made.number, made.passphrase, made.recovery_code)


def items_of(given: list[ItemIn], body: bytes) -> tuple[NewItem, ...]:
    """Read items, and hold their body to what so many may need. Raises InputError."""
    videos = sum(item.kind is ItemKind.VIDEO for item in given)
    if len(body) > max_body_bytes(len(given), videos):
        msg = "What was sent is larger than its pictures and videos need."
        raise TooLarge(msg)
    return tuple(_item(item) for item in given)


def scriptless(call: Call) -> Reply:
    """Open a case from a page without script, and show the receipt."""
    receipt = _submitted(call)
    return render.page(call, "person/receipt.html", receipt=receipt, renewed=False, given={})


def _submitted(call: Call) -> Receipt:
    fields = call.fields
    mine = fields.one("reporter") == Reporter.DEPICTED_PERSON
    helplines = {Recipient.HELPLINES} if Recipient.HELPLINES in fields.all("consent") else set()
    try:
        submission = Submission(
            age=AgeAnswer(fields.one("age")),
            situation=Situation(fields.one("situation")),
            language=render.language_of(call),
            reporter=Reporter(fields.one("reporter")),
            representative="" if mine else fields.one("representative").strip(),
            links=links_of(fields.one("links")) if fields.one("situation") == Situation.LINKS else (),
            consents=frozenset(helplines),
            contact=fields.one("contact").strip(),
            narrative=fields.one("narrative").strip(),
            recovery=Recovery(fields.one("recovery")),
            delay=WithdrawalDelay(fields.one("delay")),
        )
    except ValueError as error:
        msg = "An answer is missing."
        raise InputError(msg) from error
    return call.app.intake.submit(submission, token=fields.one("token"), proof=_proof(call), caller=visits.caller(call))


def _proof(call: Call) -> str:
    if not _turn.acquire(timeout=_TURN_S):
        msg = "Too many at once; try again in a minute."
        raise Throttled(msg, retry_after_s=60)
    try:
        return work.solve(call.app.intake.challenge())
    finally:
        _turn.release()


def _item(item: ItemIn) -> NewItem:
    hashes = tuple(Hash(_bytes(one.value), one.quality, variant=one.variant) for one in item.hashes)
    times = tuple(one.at_ms for one in item.hashes) if item.kind is ItemKind.VIDEO else ()
    return NewItem(item.kind, item.label.strip(), hashes, times)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text) if text.isalnum() else b""
    except ValueError:
        return b""
