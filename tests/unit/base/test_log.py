# SPDX-License-Identifier: Apache-2.0
"""Log lines say only what the allow-list knows, and nothing that looks like a hash, link or address."""

import pytest

from noli.base.log import ALLOWED, redact

_SECRET = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def test_unknown_keys_are_dropped() -> None:
    """A key that is not on the list does not appear, whatever it holds."""
    assert redact({"event": "check.made", "hash": _SECRET, "url": "https://a.example"}) == {"event": "check.made"}


@pytest.mark.parametrize("text", [_SECRET, _SECRET.upper(), "see https://a.example/x?y=1", "mail to a@b.example now"])
def test_no_key_lets_a_secret_through(text: str) -> None:
    """Allowed keys with a hash, link or mail address in their value have it cut out."""
    for value in redact(dict.fromkeys(ALLOWED, text)).values():
        assert _SECRET not in str(value).lower()
        assert "a.example" not in str(value)
        assert "b.example" not in str(value)


def test_objects_are_named_by_their_class_only() -> None:
    """Bytes, lists and objects are never written out; numbers and line breaks are made harmless."""
    line = redact({"reason": bytes.fromhex(_SECRET), "key": ["a"], "count": 3, "event": "a\nb", "status": None})
    assert line == {"reason": "bytes", "key": "list", "count": 3, "event": "a b", "status": None}
