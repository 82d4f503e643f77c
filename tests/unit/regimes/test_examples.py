# SPDX-License-Identifier: Apache-2.0
"""Examples say where the rules differ from them."""

from collections.abc import Mapping
from typing import Any

import pytest

from noli.base.errors import InputError
from noli.regimes import examples, rules
from tests.support.regimes import law

_LAW = law()
_WHEN = {"trigger": "valid-request", "at": "2025-06-01T08:00:00+00:00"}


def _found(then: Mapping[str, Any], **parts: Any) -> list[str]:
    data = {"example": [{"name": "It is so.", "when": _WHEN, "then": then, **parts}]}
    (example,) = examples.read("act.examples.toml", data)
    return list(examples.differences(_LAW, rules.regime(_LAW, "xu-act"), example))


_DUE = [
    {"duty": "complain", "by": "2025-06-01T09:00:00Z"},
    {"duty": "acknowledge", "by": "2025-06-01T12:00:00+02:00"},
    {"duty": "remove", "by": "2025-06-02T08:00:00Z"},
]


def test_an_example_that_holds() -> None:
    """Nothing is said where everything is as expected."""
    given = {"filer": "self", "fields": ["location"]}
    assert _found({"due": _DUE, "missing": ["contact"], "valid": True}, given=given) == []


def test_what_is_due_otherwise() -> None:
    """A deadline too few and one too many are both said."""
    assert _found({"due": [*_DUE[:2], {"duty": "remove", "by": "2025-06-01T10:00:00Z"}]}) == [
        "remove is not due by 2025-06-01T10:00:00+00:00.",
        "remove is due by 2025-06-02T08:00:00+00:00, which was not expected.",
    ]


def test_what_is_missing_otherwise() -> None:
    """What is really missing is said."""
    assert _found({"missing": []}) == ["Missing: contact, location."]
    assert _found({"missing": ["contact"]}, given={"fields": ["location", "contact"]}) == ["Missing: nothing."]


def test_validity() -> None:
    """Whether the request counts is said."""
    assert _found({"valid": True}) == ["The request is not valid."]
    assert _found({"valid": False}, given={"fields": ["location"]}) == ["The request is valid."]


def test_in_force() -> None:
    """An example may show that nothing is in force, and is told where that is wrong either way."""
    early = {**_WHEN, "at": "2020-01-01T00:00:00Z"}
    assert _found({"in_force": False}, when=early) == []
    assert _found({"in_force": False}) == ["The regime is in force then."]
    (said,) = _found({"due": []}, when=early)
    assert "not in force on 2020-01-01" in said


@pytest.mark.parametrize(
    "example",
    [
        {"name": "It says nothing.", "when": _WHEN, "then": {}},
        {"name": "It says what cannot be.", "when": _WHEN, "then": {"due": [{"duty": "sleep", "by": "2025-06-01"}]}},
    ],
)
def test_an_example_that_cannot_be_used(example: Mapping[str, Any]) -> None:
    """An example without an expectation would always pass, so it is refused like one that cannot be read."""
    with pytest.raises(InputError, match=r"act\.examples\.toml"):
        examples.read("act.examples.toml", {"example": [example]})
