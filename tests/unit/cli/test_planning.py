# SPDX-License-Identifier: Apache-2.0
"""What so many hashes take is reckoned from what was measured, and a person can read it."""

import json

import pytest
from click.testing import CliRunner

from noli.base.errors import InputError
from noli.cli.doctor import doctor
from noli.cli.planning import count, measured, plan
from noli.hashing.kernel import HammingIndex
from tests.support.catalogues import index_of, values


@pytest.mark.parametrize(
    ("text", "number"), [("50M", 50_000_000), ("250k", 250_000), ("1.5m", 1_500_000), (" 7 ", 7), ("2G", 2 * 10**9)]
)
def test_numbers_are_written_as_people_write_them(text: str, number: int) -> None:
    """Capital or small, whole or not."""
    assert count(text) == number


@pytest.mark.parametrize("text", ["", "M", "0", "-5", "50 MB", "1e6", "0.1"])
def test_what_is_no_number_of_hashes_is_refused(text: str) -> None:
    """With an example of what would do."""
    with pytest.raises(InputError, match="50M"):
        count(text)


def test_more_hashes_take_more_and_more_cores_do_more() -> None:
    """Processes share the index: four take far less than four times the memory of one."""
    small, large = (plan(hashes, cores=1, constants=measured()) for hashes in (10**6, 10**8))
    assert large.memory_bytes > 50 * small.memory_bytes / 10
    assert (large.start_s, large.first_start_s, large.disk_bytes) > (
        small.start_s,
        small.first_start_s,
        small.disk_bytes,
    )
    four = plan(10**8, cores=4, constants=measured())
    assert four.memory_bytes < 1.3 * large.memory_bytes
    assert (four.lookups_per_s, four.index_bytes) == (4 * large.lookups_per_s, large.index_bytes)


def test_the_constants_are_those_of_this_kernel() -> None:
    """An index of this very build takes as many bytes a hash as the constants say."""
    rows = 200_000
    index = index_of(values(1, rows))
    assert isinstance(index, HammingIndex)
    lists = 16 * 65_537 * 4  # heads of the sixteen lists, which do not grow
    assert (index.memory_bytes - lists) / rows == pytest.approx(measured().index_bytes, rel=0.05)


def test_the_doctor_says_the_plan() -> None:
    """As lines for a person and as one object for a program; it looks at no installation."""
    lines = CliRunner().invoke(doctor, ["--plan", "50M", "--cores", "8"]).output.splitlines()
    assert [line.split()[0] for line in lines] == [
        "hashes", "processes", "memory", "disk", "start", "look-ups", "pictures", "Reckoned",
    ]  # fmt: skip
    told = json.loads(CliRunner().invoke(doctor, ["--plan", "50M", "--cores", "8", "--json"]).output)
    assert (told["hashes"], told["processes"]) == (50_000_000, 8)
    assert 5e9 < told["index_bytes"] < 10e9
    small = CliRunner().invoke(doctor, ["--plan", "1k"]).output
    assert " MB" in small
