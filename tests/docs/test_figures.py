# SPDX-License-Identifier: Apache-2.0
"""Measured figures stand only in pages that a command writes."""

import re
from pathlib import Path

import pytest

# Written by 'make bench' and 'make reference'.
_GENERATED = {
    "docs/benchmarks.md",
    "docs/robustness.md",
    "docs/reference/cli.md",
    "docs/reference/configuration.md",
    "docs/reference/routes.md",
}

# A number with a unit of speed, time below a second, or memory; or "n times faster".
_FIGURE = re.compile(
    r"""\d\s?(?:ms|µs|us|ns|[kMG]i?B(?:/s)?|/s)\b      # 6.5 us, 160 MB, 2,200/s
      | \d\s?(?:×|x|times)\s(?:faster|slower|smaller|as)  # 20 times faster
      | \d\s?(?:requests|checks|hashes|lookups)\sa\ssecond
      | \d\s?(?:%|per\scent)""",
    re.VERBOSE,
)


def _figures(text: str) -> list[str]:
    return [match.group() for match in _FIGURE.finditer(text)]


def test_no_figure_is_typed_by_hand(root: Path, files: list[Path]) -> None:
    """No page that a person writes states a measurement."""
    pages = [path for path in files if path.suffix == ".md" and path.relative_to(root).as_posix() not in _GENERATED]
    typed = {path.name: figures for path in pages if (figures := _figures(path.read_text("utf-8")))}
    assert typed == {}


@pytest.mark.parametrize("text", ["in 6.5 us", "20 times faster", "2,200 lookups a second", "99 % found", "1.2 GB/s"])
def test_figures_are_recognised(text: str) -> None:
    """A time, ratio, rate, share or throughput counts as a measurement."""
    assert _figures(text)


@pytest.mark.parametrize("text", ["512 × 512 pixels", "within 31 bits", "in 24 hours", "HTTP 429", "10,000 hashes"])
def test_definitions_are_no_figures(text: str) -> None:
    """Sizes, thresholds and limits that are defined may be stated anywhere."""
    assert not _figures(text)
