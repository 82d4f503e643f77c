# SPDX-License-Identifier: Apache-2.0
"""Situations that a lawyer can read - given, when, then - and that run against the rules.

They lie beside each regime (``<act>.examples.toml``) and say what the law leads to, independently of the sums in
``rules.py``: whoever checks a regime reads these first.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from noli.base.errors import InputError, NotInForce
from noli.regimes import rules
from noli.regimes.model import Duty, Field, Filer, Law, Regime, Trigger


class Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who files, and what the request holds; needed where the example asks what is missing."""

    filer: Filer = Filer.SELF
    fields: frozenset[Field] = frozenset()
    #: The time that an order sets.
    ordered: datetime | None = None


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens, and when, with its offset from UTC."""

    trigger: Trigger
    at: datetime


class Due(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is due, at the latest by when."""

    duty: Duty
    by: datetime


class Then(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What follows; everything that is due is named, and nothing else."""

    due: tuple[Due, ...] | None = None
    missing: frozenset[Field] | None = None
    valid: bool | None = None
    in_force: bool = True


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One situation, with a sentence that says what it shows."""

    name: str
    when: When
    then: Then
    given: Given = Given()


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    example: tuple[Example, ...]


def read(name: str, data: Mapping[str, Any]) -> tuple[Example, ...]:
    """Read the examples of a regime.

    Raises:
        InputError: The file ``name`` cannot be used, or an example expects nothing.
    """
    try:
        examples = msgspec.convert(data, _File).example
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}."
        raise InputError(msg) from error
    for each in examples:
        if each.then == Then():
            msg = f"{name}: the example {each.name!r} expects nothing."
            raise InputError(msg)
    return examples


def differences(law: Law, regime: Regime, example: Example) -> Iterator[str]:
    """Run one example.

    Yields:
        A sentence for each expectation that the rules do not meet.
    """
    try:
        yield from _differences(law, regime, example)
    except NotInForce as error:
        if example.then.in_force:
            yield error.public
    else:
        if not example.then.in_force:
            yield "The regime is in force then."


def _differences(law: Law, regime: Regime, example: Example) -> Iterator[str]:
    given, when, then = example.given, example.when, example.then
    due = rules.deadlines(regime, when.trigger, when.at, filer=given.filer, ordered=given.ordered)
    found = {(each.duty, each.due_at) for each in due}
    expected = found if then.due is None else {(each.duty, each.by) for each in then.due}
    yield from (f"{duty} is not due by {by.isoformat()}." for duty, by in sorted(expected - found))
    yield from (f"{duty} is due by {by.isoformat()}, which was not expected." for duty, by in sorted(found - expected))
    missing = rules.missing(law, regime, given.fields, given.filer, regime.day(when.at))
    fields = {each.field for each in missing}
    if then.missing is not None and fields != then.missing:
        yield f"Missing: {', '.join(sorted(fields)) or 'nothing'}."
    if then.valid is not None and rules.valid(missing) != then.valid:
        yield f"The request is {'valid' if rules.valid(missing) else 'not valid'}."
