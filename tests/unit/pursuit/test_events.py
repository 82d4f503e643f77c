# SPDX-License-Identifier: Apache-2.0
"""What of a pursuit stands in the open in the database."""

from dataclasses import fields

from noli.pursuit.events import CODEC, NAMES

# Texts that say nothing about anybody.
_HARMLESS = {"language", "reason", "case", "link"}


def test_what_says_something_about_somebody_is_sealed() -> None:
    """No text, address or name of anybody is stored in the open."""
    open_texts = {
        field.name
        for event in NAMES
        for field in fields(event)
        if "str" in str(field.type) and not field.metadata.get("private")
    }
    assert open_texts <= _HARMLESS


def test_every_event_has_a_name_of_its_own() -> None:
    """Names are unique, so that each event is read back as what it was."""
    assert len(set(CODEC.names.values())) == len(NAMES)
