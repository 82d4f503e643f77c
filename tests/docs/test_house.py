# SPDX-License-Identifier: Apache-2.0
"""What may and must be in the repository's files."""

import ast
from pathlib import Path

import pytest
from PIL import Image

from docs.make_screens import FOLDER, MADE_BY, MAX_BYTES, SCREENS
from noli.web.page_hashing import kernel_sha256

_SOURCES = {".c", ".css", ".h", ".html", ".js", ".mako", ".md", ".py", ".pyi", ".toml", ".yml"}
# Others' files under their own licences, listed in vendored.json; tests/unit/web/test_page_hashing.py checks them.
_VENDORED = "src/noli/web/static/hash/vendor/"
_SOURCE_NAMES = {".clang-format", ".importlinter", "Makefile", "install", "run"}

# What pictures and videos begin with, and where: a media file by another name is one, too.
_MEDIA = {
    b"\xff\xd8\xff": 0,
    b"\x89PNG\r\n": 0,
    b"GIF8": 0,
    b"RIFF": 0,
    b"II*\x00": 0,
    b"MM\x00*": 0,
    b"ftyp": 4,
    b"\x1a\x45\xdf\xa3": 0,
}


# The one exception: a drawn pattern, because nothing that we may install writes HEIC.
_DRAWN = {"tests/vectors/drawn.heic"}


def _is_media(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(16)
    return any(start[offset:].startswith(magic) for magic, offset in _MEDIA.items())


# The other: pictures of our own pages (decision 0056), each of which is listed where it is made.
_SHOWN = {(FOLDER / f"{name}.png").as_posix() for name in SCREENS}


def test_no_media_files(root: Path, files: list[Path]) -> None:
    """No picture or video is in the repository, by whatever name, but for one drawn pattern and our own pages."""
    media = {path.relative_to(root).as_posix() for path in files if _is_media(path)}
    assert media <= _DRAWN | {Path(path).relative_to(root).as_posix() for path in _SHOWN}


@pytest.mark.parametrize("name", SCREENS)
def test_pictures_of_pages_are_those_that_are_made_here(root: Path, name: str) -> None:
    """Each is small, as wide as its window, in few colours, says how it was made, and is shown somewhere."""
    path = FOLDER / f"{name}.png"
    assert path.stat().st_size <= MAX_BYTES
    with Image.open(path) as picture:
        assert (picture.format, picture.mode, picture.width) == ("PNG", "P", SCREENS[name].width)
        assert picture.text == {"Source": MADE_BY}  # type: ignore[attr-defined] # of PNG files
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    assert any(f"assets/screens/{name}.png" in page.read_text("utf-8") for page in pages)


@pytest.mark.parametrize("start", [b"\xff\xd8\xff\xe0", b"\x00\x00\x00\x18ftypheic", b"RIFF\x00\x00\x00\x00WEBP"])
def test_media_is_recognised(tmp_path: Path, start: bytes) -> None:
    """A JPEG, HEIC or WebP is noticed though it is called notes.txt."""
    path = tmp_path / "notes.txt"
    path.write_bytes(start)
    assert _is_media(path)


def test_every_source_names_its_licence(root: Path, files: list[Path]) -> None:
    """Each source file has its SPDX line at the top."""
    made = root / "docs" / "benchmarks.md"  # written by 'make bench'
    ours = [path for path in files if path != made and _VENDORED not in path.as_posix()]
    sources = [path for path in ours if path.suffix in _SOURCES or path.name in _SOURCE_NAMES]
    assert sources
    without = [path for path in sources if "SPDX-License-Identifier: Apache-2.0" not in path.read_text("utf-8")[:200]]
    assert without == []


def test_every_test_says_what_it_shows(root: Path) -> None:
    """Each test has a docstring whose first line is a whole sentence."""
    silent = [
        f"{path.relative_to(root)}:{node.lineno} {node.name}"
        for path in sorted(root.glob("tests/**/test_*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").partition("\n")[0].endswith(".")
    ]
    assert silent == []


def test_unit_tests_mirror_the_sources(root: Path) -> None:
    """Each unit test lies where its module lies, so that one is found from the other."""
    unit = root / "tests" / "unit"
    astray = [
        str(path.relative_to(root))
        for path in sorted(unit.glob("**/test_*.py"))
        if not _mirrored(root / "src" / "noli" / path.relative_to(unit))
    ]
    assert astray == []


def _mirrored(path: Path) -> bool:
    name = path.stem.removeprefix("test_")
    return path.with_name(f"{name}.py").exists() or path.with_name(name).is_dir()


def test_the_release_names_the_kernel_of_the_pages(root: Path) -> None:
    """Who compares the digest that '/check' shows finds the same in the newest section of the changelog."""
    newest = (root / "CHANGELOG.md").read_text("utf-8").split("\n## ")[1]
    assert f"`{kernel_sha256()}`" in newest
