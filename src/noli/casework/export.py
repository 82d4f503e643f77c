# SPDX-License-Identifier: Apache-2.0
"""Everything that is stored about a case, as plain values for a JSON file that its person downloads.

Left out: whether an item was held (it would tell what is in a bank of common pictures), which member of staff it was,
and the sealed digests that only serve us.
"""

from collections.abc import Mapping, Sequence

from noli.bank.model import Entry
from noli.casework.events import Recorded
from noli.casework.files import PERSON
from noli.casework.model import Author, Case, CaseId, ItemId
from noli.casework.ports import Exported
from noli.casework.rules import fold

#: Raised when the form changes in a way that a reader has to know of.
FORMAT = "noli-case-1"


def folded(case: CaseId, history: Sequence[Recorded]) -> Case:
    """Return the case that a history makes."""
    return fold(case, history)


def everything(id_: CaseId, number: str, history: Sequence[Recorded], entries: Mapping[ItemId, Entry]) -> Exported:
    """Write a case out.

    Args:
        id_: The case.
        number: Its number; empty once erased.
        history: All its events.
        entries: The bank entries of its items, with hashes.
    """
    case = fold(id_, history)
    return {
        "format": FORMAT,
        "number": number,
        "opened_at": _text(case.opened_at),
        "situation": case.situation.value,
        "language": case.language,
        "reporter": case.reporter.value,
        "representative": case.representative,
        "contact": case.contact,
        "narrative": case.narrative,
        "recovery": case.recovery.value,
        "withdrawal_delay_hours": case.delay.hours,
        "consents": sorted(case.consents),
        "state": case.state.value,
        "items": [_item(case, number, entries) for number in range(len(case.items))],
        "links": [{"url": link.url, "note": link.note, "added_at": _text(link.added_at)} for link in case.links],
        "messages": [
            {
                "from": "you" if message.author is Author.PERSON else "caseworker",
                "text": message.text,
                "sent_at": _text(message.sent_at),
            }
            for message in case.messages
        ],
        "notes_of_caseworkers": [{"text": note.text, "written_at": _text(note.written_at)} for note in case.notes],
        "recipients": [
            {
                "name": share.recipient,
                "shared_at": _text(share.shared_at),
                "confirmed_at": _text(share.confirmed_at),
                "told_of_withdrawal_at": _text(share.told_at),
                "withdrawal_confirmed_at": _text(share.withdrawn_at),
                "withdrawal_refused": share.refused,
            }
            for share in case.shares
        ],
        "withdrawal_due_at": _text(case.withdrawal.due_at) if case.withdrawal else "",
        "withdrawn_at": _text(case.ended_at),
        "erased_at": _text(case.erased_at),
        "timeline": [{"what": line.key, "at": _text(line.at), **line.data} for line in case.timeline],
        "events_by_you": sum(1 for recorded in history if recorded.actor == PERSON),
    }


def _item(case: Case, number: int, entries: Mapping[ItemId, Entry]) -> Exported:
    item = case.items[number]
    entry = entries.get(item.id)
    return {
        "label": item.label,
        "kind": item.kind.value,
        "state": item.state.value,
        "added_at": _text(item.added_at),
        "copies_found": item.matches,
        "hashes": [
            {
                "type": one.type.value,
                "value": one.hex,
                "quality": one.quality,
                "variant": one.variant.value,
                "pipeline": one.pipeline.value,
            }
            for one in (entry.hashes if entry else ())
        ],
    }


def _text(at: object) -> str:
    return "" if at is None else str(at.isoformat())  # type: ignore[attr-defined] # datetime
