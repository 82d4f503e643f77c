# SPDX-License-Identifier: Apache-2.0
"""How far a scan has come is told where nobody watches a terminal, too."""

import pytest

from noli.cli.scan import _lines


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (1_000_000, ["400,000 of 1,000,000 rows, about 3 minutes left", "700,000 of 1,000,000 rows, about 72 seconds"]),
        (None, ["400,000 rows.", "700,000 rows."]),
    ],
)
def test_a_log_gets_a_line_a_minute(capsys: pytest.CaptureFixture[str], rows: int | None, told: list[str]) -> None:
    """Time left is reckoned from what this run did, not from what an earlier one had done."""
    at = [0.0]
    tell = _lines(rows, label="Scanning", now=lambda: at[0])
    for at[0], done in ((0, 200_000), (60, 400_000), (61, 410_000), (120, 700_000)):
        tell(done)
    lines = capsys.readouterr().err.splitlines()
    assert [line.startswith(f"Scanning: {wanted}") for line, wanted in zip(lines, told, strict=True)] == [True, True]
