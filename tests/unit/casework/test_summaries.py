# SPDX-License-Identifier: Apache-2.0
"""What a list shows of a case."""

import pytest

from noli.base.errors import IntegrityError
from noli.casework.model import Case, CaseId
from noli.casework.summaries import summary


def test_a_case_without_a_beginning_is_damage() -> None:
    """A case that was never opened cannot be listed; the operator is told."""
    with pytest.raises(IntegrityError):
        summary(Case(CaseId("case")))
