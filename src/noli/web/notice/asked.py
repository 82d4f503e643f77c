# SPDX-License-Identifier: Apache-2.0
"""What a notice still lacks, and by when something is due, as its sender reads it: with the law behind each."""

from collections.abc import Iterator
from dataclasses import dataclass

from noli.notices.clocks import running
from noli.notices.model import Notice
from noli.regimes.model import Deadline, Duty, Field, Missing, Need, RegimeId
from noli.regimes.rules import missing
from noli.web.api.operation import Call
from noli.web.html import render

# Of what a platform has to do, what its sender waits for.
_AWAITED = frozenset({Duty.PROVISIONAL_DISABLE, Duty.REMOVE, Duty.RESOLVE, Duty.DECIDE_COMPLAINT})


@dataclass(frozen=True, slots=True)
class Law:
    """A law by its name, with the place in it, and whether anybody verified that."""

    name: str
    provision: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is missing: the field, the sentence that asks for it, and the laws that want it."""

    field: Field
    sentence: str
    required: bool
    laws: tuple[Law, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What the sender waits for first."""

    deadline: Deadline
    law: Law


def asked(call: Call, notice: Notice) -> list[Asked]:
    """Return what is missing, each field once, in the order of the form."""
    found: dict[Field, list[Missing]] = {}
    for each in _missing(call, notice):
        found.setdefault(each.field, []).append(each)
    language = render.language_of(call)
    return [
        Asked(
            field=name,
            sentence=found[name][0].ask[language],
            required=any(each.need is Need.REQUIRED for each in found[name]),
            laws=tuple(
                Law(_name(call, each.regime), each.source.provision, each.source.verified) for each in found[name]
            ),
        )
        for name in Field
        if name in found
    ]


def due(call: Call, notice: Notice) -> Due | None:
    """Return what is due first of what the sender waits for."""
    for each in running(notice, call.app.notices.law):
        deadline = each.deadline
        if deadline.duty in _AWAITED:
            source = deadline.source
            return Due(deadline, Law(_name(call, deadline.regime), source.provision, source.verified))
    return None


def _missing(call: Call, notice: Notice) -> Iterator[Missing]:
    law, since = call.app.notices.law, notice.opened_at or call.app.clock.now()
    for id_ in dict.fromkeys(each.regime for each in notice.lacks if each.regime in law.regimes):
        regime = law.regimes[id_]
        yield from missing(law, regime, notice.given, notice.filer, regime.day(since))


def _name(call: Call, regime: RegimeId) -> str:
    names = call.app.notices.law.regimes[regime].names
    return str(names[render.language_of(call)])
