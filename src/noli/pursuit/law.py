# SPDX-License-Identifier: Apache-2.0
"""Which law fits an addressee, what it asks of a request, and until when the addressee then has time.

The regimes are data (``regimes``); here it only says as what each rung is obliged. Where no statute obliges somebody,
our own rules give the request its clock, and the letter invokes the addressee's own terms.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from noli.pursuit.model import DueBy, Rung
from noli.regimes.model import (
    Content,
    Deadline,
    Duty,
    Facts,
    Field,
    Filer,
    Law,
    Need,
    Party,
    Regime,
    RegimeId,
    Service,
    SetBy,
    Trigger,
)
from noli.regimes.rules import EVERYWHERE, applicable, deadlines, missing, regime, strictest, takes_requests

# As what kind of service each is obliged; who moves money is none that these laws know.
_SERVICES = {
    Rung.SITE: Service.PLATFORM,
    Rung.HOST: Service.HOSTING,
    Rung.CDN: Service.INTERMEDIARY,
    Rung.REGISTRAR: Service.INTERMEDIARY,
    Rung.SEARCH: Service.SEARCH,
}

_WEIGHT = {SetBy.LAW: 0, SetBy.AUTHORITY: 1, SetBy.HOUSE: 2}


def fitting(
    law: Law,
    rung: Rung,
    places: frozenset[str],
    *,
    content: frozenset[Content],
    filer: Filer,
    at: datetime,
    home: frozenset[str] = frozenset(),
) -> tuple[Regime, ...]:
    """Return the regimes under which somebody can be asked: those of our own place first, the strictest clock first.

    Args:
        law: All regimes.
        rung: As what they are asked.
        places: Where they are bound by law; empty where that is not known: then our own law may fit, or any.
        content: What the copies show.
        filer: As whom we write.
        at: When.
        home: Where we, and who turns to us, are; empty for everywhere.

    Returns:
        At least our own rules, which stand last.
    """
    known = places or home or frozenset(each.jurisdiction.code for each in law.regimes.values())
    services = frozenset({_SERVICES[rung]} if rung in _SERVICES else ())
    facts = Facts(jurisdictions=known, services=services, content=content)
    ours = Facts(jurisdictions=home, services=services, content=content)
    fit, near = [], set()
    for each in law.regimes.values():
        day = each.day(at)
        who = each.filers.on(day)
        if applicable([each], facts, day) and takes_requests(each, day) and who is not None and filer in who.what:
            fit.append(each)
            near |= {each.id} if applicable([each], ours, day) else set()
    return tuple(
        sorted(
            fit,
            key=lambda each: (is_house(each), each.id not in near, *_rank(clock(each, filer=filer, at=at)), each.id),
        )
    )


def is_house(regime: Regime) -> bool:
    """Tell whether a regime is our own rules, which bind nobody else."""
    return regime.jurisdiction.code == EVERYWHERE


def clock(regime: Regime, *, filer: Filer, at: datetime) -> Deadline | None:
    """Return the clock that a complete request starts for its addressee; None where the regime has none."""
    return strictest(
        each
        for each in deadlines(regime, Trigger.VALID_REQUEST, at, filer=filer)
        if each.duty is Duty.REMOVE and each.party is Party.PLATFORM
    )


def due(law: Law, regimes: Iterable[RegimeId], *, filer: Filer, at: datetime) -> DueBy | None:
    """Return until when somebody has time who is asked now: the strictest clock of the regimes that were invoked.

    Where none of them has one, our own rules give it.
    """
    invoked = [regime(law, each) for each in regimes]
    house = [each for each in law.regimes.values() if is_house(each)]
    for some in (invoked, house):
        first = strictest(one for each in some if (one := clock(each, filer=filer, at=at)) is not None)
        if first is not None:
            return DueBy(first.due_at, first.regime, first.set_by, first.words, str(first.source), first.verified)
    return None


def lacking(
    law: Law, regimes: Iterable[RegimeId], given: Collection[Field], *, filer: Filer, at: datetime
) -> tuple[Field, ...]:
    """Return the fields without which a request is not valid under one of the regimes, in the order of the form."""
    found = {
        lack.field
        for each in (regime(law, one) for one in regimes)
        for lack in missing(law, each, given, filer, each.day(at))
        if lack.need is Need.REQUIRED
    }
    return tuple(field for field in Field if field in found)


def names_person(law: Law, regimes: Iterable[RegimeId], rung: Rung, *, filer: Filer, at: datetime) -> bool:
    """Tell whether a request has to say who is shown.

    Only where that person writes in their own name, or asks that searches for the name no longer lead there.
    """
    if rung is Rung.SEARCH:
        return True
    personal = {Field.NAME, Field.SIGNATURE}
    return filer is Filer.SELF and bool(personal & set(lacking(law, regimes, frozenset(), filer=filer, at=at)))


def _rank(deadline: Deadline | None) -> tuple[bool, int, datetime | None]:
    if deadline is None:
        return True, 0, None
    return False, _WEIGHT[deadline.set_by], deadline.due_at
