# SPDX-License-Identifier: Apache-2.0
"""What a reviewer has to look at: every value with its place, those nobody verified, those nobody looked at lately."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from noli.regimes.model import Dated, Regime, Term, Value

#: Laws move; half a year after it was last looked at, a value asks to be looked at again.
STALE_AFTER = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Place:
    """One value and where in its regime it is, as ``clock remove (valid-request)``."""

    name: str
    dated: Dated[Any]
    value: Value[Any]

    def current(self, on: date) -> bool:
        """Tell whether the value is the one that holds on a day."""
        return self.dated.on(on) is self.value


def places(regime: Regime) -> Iterator[Place]:
    """Yield every value of a regime, in the order of its parts."""
    for name, dated in _facts(regime):
        yield from (Place(name, dated, value) for value in dated.values)


def unverified(regime: Regime) -> tuple[Place, ...]:
    """Return the values that were not read where they stand and that nobody signed off."""
    return tuple(each for each in places(regime) if not each.value.source.verified)


def stale(regime: Regime, on: date) -> tuple[Place, ...]:
    """Return the values that were last looked at long before a day."""
    return tuple(each for each in places(regime) if on - each.value.source.checked > STALE_AFTER)


def said(what: object) -> str:
    """Write a value in words: of a text the English one."""
    match what:
        case bool():
            return "yes" if what else "no"
        case frozenset():
            return ", ".join(sorted(what))
        case Term():
            return f"{what.period or 'as ordered'} ({what.set_by}): {what.words}"
        case Mapping():
            return str(what["en"])
    return str(what)


def _facts(regime: Regime) -> Iterator[tuple[str, Dated[Any]]]:
    yield "in force", regime.in_force
    yield "content", regime.content
    yield "services", regime.services
    yield "small exempt", regime.small_exempt
    yield "filers", regime.filers
    yield "copies", regime.copies
    yield "measures", regime.measures
    yield "disclosure", regime.disclosure
    yield from ((f"field {each.field}", each.need) for each in regime.fields)
    yield from ((f"clock {each.duty} ({each.trigger})", each.terms) for each in regime.clocks)
    yield from ((f"appeal {each.side}", each.granted) for each in regime.appeals)
    yield from ((f"notification {each.to} ({each.trigger})", each.contents) for each in regime.notifications)
    yield from ((f"obligation {each.name}", each.texts) for each in regime.obligations)
