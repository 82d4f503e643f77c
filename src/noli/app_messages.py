# SPDX-License-Identifier: Apache-2.0
"""Every type of message that webhooks may ask for, with what it says: the events of all parts, and the outbox's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from noli.casework import events as case_events
from noli.casework import telling as case_telling
from noli.notices import events as notice_events
from noli.notices import records
from noli.notices import telling as notice_telling
from noli.outbox.model import DISPUTED, TEST
from noli.pursuit import events as pursuit_events
from noli.pursuit import telling as pursuit_telling


@dataclass(frozen=True, slots=True)
class Message:
    """One type of message.

    Attributes:
        says: What happened, in a sentence.
        adds: What it tells besides id, type, subject and time.
    """

    says: str
    adds: tuple[str, ...] = ()


def _of(
    names: Mapping[type[object], str] | Mapping[type, str], told: Mapping[type, tuple[str, ...]]
) -> Iterator[tuple[str, Message]]:
    for event, name in names.items():
        yield name, Message((event.__doc__ or "").partition("\n")[0], told.get(event, ()))


#: By type, in the order of their parts.
MESSAGES: Mapping[str, Message] = dict(
    chain(
        _of(case_events.NAMES, case_telling.TOLD),
        _of(notice_events.NAMES, notice_telling.TOLD),
        _of(records.NAMES, notice_telling.TOLD),
        _of(pursuit_events.NAMES, pursuit_telling.TOLD),
        (
            (DISPUTED, Message("An entry has come to be disputed: somebody has to look.", ("bank", "kind", "author"))),
            (TEST, Message("Somebody asked for a test message.")),
        ),
    )
)
