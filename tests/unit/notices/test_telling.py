# SPDX-License-Identifier: Apache-2.0
"""What webhooks are told of notices and records: that it happened, and nothing that leads to anybody."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest

from noli.evidence.model import Fact
from noli.evidence.rules import following
from noli.notices import events as e
from noli.notices import records as r
from noli.notices.telling import TOLD, told, told_of_record
from tests.unit.notices.test_events import EXAMPLES, OF_RECORDS

ENTRY = following(None, Fact("kind", "SUBJECT", "key:platform"), now=datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.mark.parametrize("event", [*EXAMPLES, *OF_RECORDS], ids=lambda event: type(event).__name__)
def test_only_open_fields_are_told(event: e.Event | r.Event) -> None:
    """A message is JSON, says what happened to which file, and names neither author nor anything personal."""
    tell: Any = told_of_record if type(event) in r.NAMES else told
    message = tell(event, 3, ENTRY)
    open_ = {one.name for one in fields(event) if not one.metadata.get("private")}
    assert set(TOLD.get(type(event), ())) <= open_ - {"author", "notifier", "uploader", "by"}
    assert "secret" not in json.dumps(message.data)
    assert message.subject == "SUBJECT"
    assert message.data["number"] == 3
