# SPDX-License-Identifier: Apache-2.0
"""What every store of evidence packages promises: in a folder, and in an object store that speaks S3."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.adapters.packages import package_store
from noli.base.errors import ConfigError, IntegrityError, NotFound, Unavailable
from noli.casework.model import CaseId
from noli.custody.ports import PackageStore
from tests.support.buckets import object_store

ONE, OTHER = CaseId("9VMM7DMAWY95VKD9"), CaseId("0000000000000000")
CONTENT = os.urandom(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def store_url() -> Iterator[str]:
    """An S3-compatible server with a bucket, as a setting names it."""
    with object_store() as options:
        yield f"s3://key:secret@noli/evidence{options}"


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest) -> str:
    """The setting."""
    return "" if request.param == "folder" else str(request.getfixturevalue("store_url"))


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[PackageStore]:
    """A store; what is in it is let go of afterwards."""
    made = package_store(url, tmp_path)
    yield made
    for case in (ONE, OTHER):
        made.forget(case)


def test_what_was_kept_comes_back(store: PackageStore) -> None:
    """Byte by byte, under its case and digest, as often as it is put; another case has nothing."""
    for _ in range(2):
        store.put(ONE, DIGEST, CONTENT)
    assert store.get(ONE, DIGEST) == CONTENT
    assert (store.digests(ONE), store.digests(OTHER)) == ([DIGEST], [])


def test_what_is_not_there_is_told(store: PackageStore) -> None:
    """A package that was never kept, and names that no package has."""
    for case, digest in ((ONE, DIGEST), (ONE, "../../etc/passwd"), (CaseId("../x"), DIGEST)):
        with pytest.raises(NotFound):
            store.get(case, digest)


def test_damage_is_told(store: PackageStore) -> None:
    """A file that is not what its name says is never handed out."""
    store.put(ONE, DIGEST, CONTENT[:-1])
    with pytest.raises(IntegrityError, match="damaged"):
        store.get(ONE, DIGEST)


def test_a_case_is_forgotten_whole_and_alone(store: PackageStore) -> None:
    """Everything of one case goes, and nothing of another; a second time changes nothing."""
    second = hashlib.sha256(b"second").hexdigest()
    store.put(ONE, DIGEST, CONTENT)
    store.put(ONE, second, b"second")
    store.put(OTHER, DIGEST, CONTENT)
    for _ in range(2):
        store.forget(ONE)
        assert store.digests(ONE) == []
    assert store.get(OTHER, DIGEST) == CONTENT


def test_a_store_can_be_tried(store: PackageStore) -> None:
    """The trial leaves nothing behind, and says where it was without any secret."""
    store.probe()
    assert store.digests(CaseId("probe")) == []
    assert "secret" not in store.where


def test_files_are_private(tmp_path: Path) -> None:
    """Nobody else on the machine may read a package."""
    package_store("", tmp_path).put(ONE, DIGEST, CONTENT)
    [file] = (tmp_path / "packages").rglob("*.zip")
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_store_that_cannot_be_reached_is_told(tmp_path: Path, store_url: str) -> None:
    """A folder that is none, and a bucket that is not there: the errors name no secret."""
    (tmp_path / "packages").write_text("in the way")
    for url in ("", store_url.replace("@noli/", "@nowhere/")):
        with pytest.raises(Unavailable) as caught:
            package_store(url, tmp_path).put(ONE, DIGEST, CONTENT)
        assert "secret" not in f"{caught.value.public}{caught.value.detail}"


@pytest.mark.parametrize("url", ["https://store.example/bucket", "s3://key:secret@noli/x?no_such_option=1"])
def test_an_address_that_cannot_be_used_is_told(tmp_path: Path, url: str) -> None:
    """The setting is named, and no secret."""
    with pytest.raises(ConfigError, match="packages_url") as caught:
        package_store(url, tmp_path)
    assert "secret" not in str(caught.value)
