# SPDX-License-Identifier: Apache-2.0
"""Prepared decisions: what a notice is usually decided with, each under one key.

Each names measure and ground; the rule is the provision under which the strictest clock runs, or the house's terms; the
reason for the file says what the decision rests on, and whether somebody looked. All of it can be changed on the page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from noli.notices import commands as c
from noli.notices.clocks import running
from noli.notices.model import Because, Ground, Measure, Notice, Opening
from noli.regimes.model import Duty, Law, SetBy


@dataclass(frozen=True, slots=True)
class Preset:
    """A prepared decision and its key."""

    key: str
    measure: Measure
    ground: Ground

    @property
    def id(self) -> str:
        """What a form sends for it."""
        return f"{self.measure}.{self.ground}"


def _keyed(*pairs: tuple[Measure, Ground]) -> tuple[Preset, ...]:
    return tuple(Preset(str(number), measure, ground) for number, (measure, ground) in enumerate(pairs, 1))


_ASKED = _keyed(
    (Measure.REMOVE, Ground.INTIMATE),
    (Measure.REMOVE, Ground.SYNTHETIC),
    (Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION),
    (Measure.KEEP, Ground.NOT_INTIMATE),
    (Measure.KEEP, Ground.CONSENT_SHOWN),
    (Measure.KEEP, Ground.NOT_ENTITLED),
    (Measure.KEEP, Ground.NOT_FOUND),
)
_MATCHED = _keyed(
    (Measure.REMOVE, Ground.MATCH),
    (Measure.KEEP, Ground.FALSE_MATCH),
    (Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION),
    (Measure.REMOVE, Ground.INTIMATE),
    (Measure.KEEP, Ground.NOT_INTIMATE),
    (Measure.KEEP, Ground.CONSENT_SHOWN),
)
_ORDERED = _keyed(
    (Measure.REMOVE, Ground.ORDERED),
    (Measure.DISABLE, Ground.ORDERED),
    (Measure.KEEP, Ground.NOT_FOUND),
)

#: By how a notice began.
PRESETS: Mapping[Opening, tuple[Preset, ...]] = {
    Opening.REQUEST: _ASKED,
    Opening.POLICY: _ASKED,
    Opening.DETECTION: _MATCHED,
    Opening.ORDER: _ORDERED,
}

#: For many at once, however they began.
COMMON = _keyed(
    (Measure.REMOVE, Ground.INTIMATE),
    (Measure.REMOVE, Ground.MATCH),
    (Measure.PROVISIONAL_DISABLE, Ground.PRECAUTION),
    (Measure.KEEP, Ground.NOT_INTIMATE),
    (Measure.KEEP, Ground.FALSE_MATCH),
    (Measure.KEEP, Ground.CONSENT_SHOWN),
)

#: With what a complaint that is upheld is answered, by what was decided first.
INSTEAD: Mapping[bool, tuple[Preset, ...]] = {
    True: _keyed(
        (Measure.KEEP, Ground.MISTAKEN),
        (Measure.KEEP, Ground.CONSENT_SHOWN),
        (Measure.KEEP, Ground.NOT_INTIMATE),
        (Measure.KEEP, Ground.FALSE_MATCH),
    ),
    False: _keyed((Measure.REMOVE, Ground.INTIMATE), (Measure.REMOVE, Ground.SYNTHETIC)),
}

#: Clause of the terms where no law says what to do; an operator's own terms are typed in its place.
TERMS = "Terms, intimate content without consent"


#: What the file says where nobody typed a reason; files are in whatever language colleagues share.
LOOKED, UNSEEN = "Decided on the evidence, after a preview.", "Decided on the evidence, without a preview."


def chosen(presets: Sequence[Preset], id_: str) -> Preset | None:
    """Return the prepared decision that a form sends, None where it is none of these."""
    return next((each for each in presets if each.id == id_), None)


def rule_of(notice: Notice, law: Law) -> tuple[str, bool]:
    """Return the provision for decisions about a notice, and whether it is a clause of the terms."""
    if notice.order is not None:
        return notice.order.legal_basis, False
    for each in running(notice, law):
        line = each.deadline
        # What nobody has verified is cited to nobody.
        if line.duty in {Duty.REMOVE, Duty.RESOLVE} and line.set_by is not SetBy.HOUSE and line.verified:
            return str(line.source), False
    return TERMS, True


def command(
    preset: Preset, notice: Notice, law: Law, *, author: str, rule: str = "", reason: str = "", looked: bool = False
) -> c.Rule:
    """Return the command of a prepared decision; ``rule`` and ``reason`` where they were typed."""
    provision, contractual = rule_of(notice, law)
    because = Because(reason.strip() or (LOOKED if looked else UNSEEN), rule.strip() or provision, author)
    return c.Rule(preset.measure, (preset.ground,), because, contractual=contractual and because.rule == provision)
