# SPDX-License-Identifier: Apache-2.0
"""The regimes that are shipped."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from noli.adapters import regimes
from noli.base.errors import InputError
from noli.regimes import review
from noli.regimes.examples import Example, differences
from noli.regimes.model import RegimeId

_ROOT = Path(__file__).parents[3]
_LAW = regimes.law()
_EXAMPLES = [
    pytest.param(regime, example, id=f"{regime}: {example.name}")
    for regime, examples in regimes.examples().items()
    for example in examples
]


@pytest.mark.parametrize(("regime", "example"), _EXAMPLES)
def test_example(regime: RegimeId, example: Example) -> None:
    """Each situation that a lawyer wrote down leads to what they expect."""
    assert list(differences(_LAW, _LAW.regimes[regime], example)) == []


@pytest.mark.parametrize("regime", _LAW.regimes)
def test_each_regime_has_examples(regime: RegimeId) -> None:
    """A regime without a readable situation is not shipped."""
    assert len(regimes.examples()[regime]) >= 2


@pytest.mark.parametrize("regime", _LAW.regimes)
def test_each_value_has_its_source(regime: RegimeId) -> None:
    """Source, provision, date and name of who looked stand at every value; what awaits something has no day."""
    for place in review.places(_LAW.regimes[regime]):
        source = place.value.source
        assert source.url.startswith("https://"), place.name
        assert source.provision, place.name
        assert source.by, place.name
        assert source.checked.year >= 2026, place.name
        assert bool(place.value.awaits) != bool(place.value.in_force), place.name


def test_code_names_no_country() -> None:
    """Codes and names of jurisdictions stand in the data alone."""
    places = [each for each in _LAW.jurisdictions.values() if each.code.isalpha()]
    codes = {code for each in places for code in (each.code, *each.members)} - {"IN"}  # SQL has a word of these letters
    words = re.compile("|".join(re.escape(name) for each in places for name in each.names.values()))
    assert len(codes) > 27
    found = [
        f"{path.relative_to(_ROOT)}:{node.lineno} {node.value[:60]!r}"
        for path in sorted((_ROOT / "src" / "noli").glob("**/*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node.value in codes or words.search(node.value) or node.value in _LAW.regimes)
    ]
    assert found == []


def test_a_file_that_is_no_toml(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mistake in a file names the file."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "places.toml").write_text("[jurisdiction")
    monkeypatch.setattr(regimes, "files", lambda _package: tmp_path)
    with pytest.raises(InputError, match=r"places\.toml"):
        regimes.law.__wrapped__()


def test_the_files_are_shipped() -> None:
    """A wheel holds every file of the law: what is packed matches them all."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    package = _ROOT / "src" / "noli"
    packed = {
        file for pattern in project["tool"]["setuptools"]["package-data"]["noli"] for file in package.glob(pattern)
    }
    data = set((package / "regimes" / "data").rglob("*.toml"))
    assert len(data) > 20
    assert data <= packed
