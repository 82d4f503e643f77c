# SPDX-License-Identifier: Apache-2.0
"""What a scan found is sent in portions, object by object, and what goes wrong is said."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from noli.adapters.egress import Answer, Egress
from noli.adapters.scan import report
from noli.adapters.scan.report import found, send
from noli.base.errors import Forbidden, InputError, NoliError, Unauthenticated, Unavailable
from noli.scanning.join import match_schema


def matches(folder: Path, *rows: tuple[str, str, str, int]) -> Path:
    """Write an output of a scan: id, bank, entry, distance."""
    columns = {
        "id": [row[0] for row in rows],
        "bank": [row[1] for row in rows],
        "entry": [row[2] for row in rows],
        "type": ["pdq"] * len(rows),
        "distance": [row[3] for row in rows],
    }
    pq.write_table(pa.table(columns, schema=match_schema(pa.string())), folder / "out.parquet")
    return folder / "out.parquet"


class _Installation:
    """Takes notices; knows references."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.known, self.bodies = status, set[str](), list[list[Any]]()

    def call(self, method: str, url: str, content: bytes, headers: Mapping[str, str], **_: object) -> Answer:
        """Answer as the import does."""
        assert (method, url) == ("POST", "https://noli.example/api/v1/notices/import")
        assert headers["Authorization"] == "Bearer secret"
        notices = msgspec.json.decode(content)["notices"]
        self.bodies.append(notices)
        results = []
        for each in notices:
            new = each["reference"] not in self.known
            self.known.add(each["reference"])
            results.append({"notice": f"n-{each['reference']}", "created": new, "error": ""})
        return Answer(self.status, msgspec.json.encode({"results": results}))


def sent(objects: dict[str, list[str]], installation: _Installation) -> list[report.Sent]:
    """Send to it."""
    egress = cast("Egress", installation)
    return list(send(objects, to="https://noli.example/", token="secret", egress=egress))


def test_an_object_is_one_notice_with_its_nearest_entries_first(tmp_path: Path) -> None:
    """However many entries it is near; other banks may be left out."""
    path = matches(tmp_path, ("a", "one", "E1", 9), ("b", "two", "E2", 0), ("a", "two", "E3", 4))
    objects = found(path)
    assert objects == {"b": ["E2 of bank two"], "a": ["E3 of bank two", "E1 of bank one"]}
    assert found(path, banks=["one"]) == {"a": ["E1 of bank one"]}
    installation = _Installation()
    assert [(each.id, each.created) for each in sent(objects, installation)] == [("b", True), ("a", True)]
    [[first, second]] = installation.bodies
    assert (first["reference"], first["contents"], first["opening"]) == ("scan:b", [{"ref": "b"}], "policy")
    assert "E3 of bank two, E1 of bank one" in second["fields"]["reasons"]


def test_it_is_sent_in_portions_and_twice_is_as_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was cut short is sent again whole; nothing is opened twice."""
    monkeypatch.setattr(report, "AT_ONCE", 2)
    installation, objects = _Installation(), {name: ["E of bank x"] for name in "abcde"}
    assert [each.created for each in sent(objects, installation)] == [True] * 5
    assert [len(each) for each in installation.bodies] == [2, 2, 1]
    assert [each.created for each in sent(objects, installation)] == [False] * 5
    assert sent({}, installation) == []


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthenticated), (403, Forbidden), (503, Unavailable), (429, Unavailable)]
)
def test_what_the_installation_refuses_is_said(status: int, error: type[NoliError]) -> None:
    """With what to do about it."""
    with pytest.raises(error):
        sent({"a": ["E of bank x"]}, _Installation(status))


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A table without these columns, or no table."""
    pq.write_table(pa.table({"id": [1]}), tmp_path / "other.parquet")
    (tmp_path / "text").write_text("no table")
    for name in ("other.parquet", "text", "missing"):
        with pytest.raises(InputError, match="no output of 'noli scan'"):
            found(tmp_path / name)
