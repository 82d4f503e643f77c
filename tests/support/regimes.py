# SPDX-License-Identifier: Apache-2.0
"""A small made-up body of law, so that the rules are tested apart from what the files say today."""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from noli.regimes import schema
from noli.regimes.model import Field, Law

PLACES: Mapping[str, Any] = tomllib.loads("""
[jurisdiction."*"]
name = { en = "Everywhere", de = "Überall" }
zone = "UTC"
[jurisdiction.XU]
name = { en = "Union", de = "Union" }
zone = "Europe/Berlin"
members = ["XA", "XB"]
[calendar.office]
weekend = [6, 7]
yearly = ["12-25"]
dates = [2026-12-28]
""")

QUESTIONS: Mapping[str, Any] = {
    "not_yours": {"en": "Is it you?", "de": "Sind Sie es?"},
    "field": {each: {"en": f"Please: {each}.", "de": f"Bitte: {each}."} for each in Field},
}

REGIME: Mapping[str, Any] = tomllib.loads("""
id = "xu-act"
jurisdiction = "XU"
name = { en = "Act", de = "Gesetz" }
short = { en = "Act", de = "Gesetz" }

[source.act]
title = "The Act"
url = "https://law.example/act"
checked = 2026-01-15
by = "A. Reader"
basis = "law"

[source.blog]
title = "A blog"
url = "https://blog.example/"
checked = 2025-01-15
by = "A. Reader"
basis = "secondary"

[[in_force]]
value = true
in_force = 2024-01-01
source = "act"
provision = "s 1"

[[service]]
value = ["hosting"]
in_force = 2024-01-01
source = "act"
provision = "s 2"

[[small_exempt]]
value = true
in_force = 2026-01-01
source = "act"
provision = "s 2(2)"

[[content]]
value = ["authentic"]
in_force = 2024-01-01
source = "act"
provision = "s 3"

[[content]]
value = ["authentic", "synthetic"]
in_force = 2026-01-01
source = "act"
provision = "s 3"

[[filer]]
value = ["self", "agent"]
in_force = 2024-01-01
source = "act"
provision = "s 4"

[[field]]
name = "signature"
filers = ["agent"]
[[field.value]]
value = "required"
in_force = 2024-01-01
source = "act"
provision = "s 5(2)"

[[field]]
name = "contact"
[[field.value]]
value = "asked"
in_force = 2024-01-01
source = "act"
provision = "s 5(3)"

[[field]]
name = "location"
[[field.value]]
value = "required"
in_force = 2024-01-01
source = "act"
provision = "s 5(1)"

[[clock]]
duty = "remove"
trigger = "valid-request"
[[clock.value]]
period = "PT24H"
set_by = "law"
words = "within 24 hours"
in_force = 2024-01-01
source = "act"
provision = "s 6"
[[clock.value]]
period = "PT2H"
set_by = "law"
words = "within two hours"
in_force = 2026-02-20
source = "blog"
provision = "s 6 as amended"

[[clock]]
duty = "acknowledge"
trigger = "valid-request"
[[clock.value]]
period = "PT2H"
set_by = "house"
words = "soon"
in_force = 2024-01-01
source = "act"
provision = "s 6(2)"

[[clock]]
duty = "complain"
trigger = "valid-request"
party = "notifier"
[[clock.value]]
period = "PT1H"
set_by = "law"
words = "within the hour"
in_force = 2024-01-01
source = "act"
provision = "s 7"

[[clock]]
duty = "remove"
trigger = "order"
[[clock.value]]
set_by = "law"
words = "as ordered"
in_force = 2024-01-01
source = "act"
provision = "s 8"

[[clock]]
duty = "decide-complaint"
trigger = "complaint"
[[clock.value]]
period = "P3BD"
calendar = "office"
whole_days = true
set_by = "law"
words = "within three business days"
in_force = 2024-01-01
source = "act"
provision = "s 9"

[[clock]]
duty = "report-decision"
trigger = "decision"
[[clock.value]]
period = "PT1H"
set_by = "law"
words = "at once"
awaits = "a decree"
source = "act"
provision = "s 10"

[[clock]]
duty = "triage"
trigger = "valid-request"
filers = ["trusted-flagger"]
[[clock.value]]
period = "PT30M"
set_by = "house"
words = "first"
in_force = 2024-01-01
source = "act"
provision = "s 14"

[[appeal]]
side = "notifier"
[[appeal.value]]
value = false
in_force = 2024-01-01
until = 2025-01-01
source = "act"
provision = "s 11"

[[notification]]
to = "uploader"
trigger = "restriction"
[[notification.value]]
value = ["facts"]
in_force = 2024-01-01
source = "act"
provision = "s 12"

[[obligation]]
name = "contact-point"
[[obligation.value]]
value = { en = "Have one.", de = "Eine haben." }
in_force = 2024-01-01
source = "blog"
provision = "s 13"
reviewed_by = "B. Lawyer"
reviewed_on = 2026-01-20
""")

#: Not known when it begins; holds everywhere.
PENDING: Mapping[str, Any] = {
    "id": "pending",
    "jurisdiction": "*",
    "name": {"en": "Bill", "de": "Entwurf"},
    "short": {"en": "Bill", "de": "Entwurf"},
    "source": REGIME["source"],
    "in_force": [{"value": True, "awaits": "a vote", "source": "blog", "provision": "draft"}],
}


def changed(**parts: Any) -> Mapping[str, Any]:
    """Return the regime with some parts written otherwise."""
    return deepcopy({**REGIME, **parts})


def law(*regimes: Mapping[str, Any]) -> Law:
    """Read regimes; the one above where none is given."""
    return schema.law({f"{n}.toml": each for n, each in enumerate(regimes or (REGIME,))}, PLACES, QUESTIONS)
