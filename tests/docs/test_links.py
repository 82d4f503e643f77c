# SPDX-License-Identifier: Apache-2.0
"""Links between the repository's pages lead somewhere, also outside of the built site."""

import re
from pathlib import Path

# Text and target of a Markdown link or picture; targets with a scheme are somebody else's to keep.
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def _broken(page: Path) -> list[str]:
    targets = [target.partition("#")[0] for target in _LINK.findall(page.read_text("utf-8")) if ":" not in target]
    return [f"{page.name}: {target}" for target in targets if target and not (page.parent / target).exists()]


def test_links_lead_somewhere(files: list[Path]) -> None:
    """Each relative link in a page names a file that exists."""
    pages = [path for path in files if path.suffix == ".md"]
    assert pages
    assert [broken for page in pages for broken in _broken(page)] == []


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    """A link to a page that is not there is reported, one to a page that is, or to an address, is not."""
    page = tmp_path / "page.md"
    page.write_text("[a](page.md#top) [b](gone.md) [c](https://example.org/gone.md) ![d](gone.svg)")
    assert _broken(page) == ["page.md: gone.md", "page.md: gone.svg"]


def test_every_page_is_in_the_navigation(root: Path) -> None:
    """Each page of the documentation is named in mkdocs.yml."""
    navigation = (root / "mkdocs.yml").read_text("utf-8")
    pages = [str(path.relative_to(root / "docs")) for path in (root / "docs").glob("**/*.md")]
    assert [page for page in pages if page not in navigation] == []
