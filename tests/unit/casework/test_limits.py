# SPDX-License-Identifier: Apache-2.0
"""What a submission may hold, and what leaves no trace."""

from dataclasses import replace

import pytest

from noli.base.errors import InputError
from noli.casework import limits
from noli.casework.model import AgeAnswer, ItemKind, NewItem, NewLink, Reporter, Situation, Submission
from noli.hashing.model import Hash
from tests.support.casework import made_up_item, submission

LINK = NewLink("https://site.example/a")
ITEM = made_up_item(1)
GOOD = submission(ITEM, links=(LINK,))


def test_a_usual_submission_is_taken() -> None:
    """Files with links, links alone, and a threat without either can be submitted; so can a representative's."""
    limits.check_submission(GOOD)
    limits.check_submission(submission(links=(LINK,)))
    limits.check_submission(submission())
    limits.check_submission(replace(GOOD, reporter=Reporter.LAWYER, representative="Law firm"))
    limits.check_submission(submission(made_up_item(2, kind=ItemKind.VIDEO)))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (replace(GOOD, age=AgeAnswer.UNDER_18), "Nothing was stored"),
        (replace(GOOD, age=AgeAnswer.UNSURE), "Nothing was stored"),
        (replace(GOOD, language="xx"), "language"),
        (replace(GOOD, items=()), "no picture"),
        (replace(GOOD, situation=Situation.LINKS, links=()), "no link"),
        (replace(GOOD, consents=frozenset()), "consent"),
        (replace(GOOD, representative="Somebody"), "representative"),
        (replace(GOOD, contact="x" * 321), "contact"),
        (replace(GOOD, narrative="x" * 4001), "4000 characters"),
        (replace(GOOD, narrative="a\x00b"), "cannot be stored"),
        (replace(GOOD, narrative="\ud800"), "cannot be stored"),
        (replace(GOOD, items=(ITEM,) * 21), "20 pictures"),
        (replace(GOOD, links=(LINK,) * 51), "50 links"),
        (replace(GOOD, links=(NewLink("javascript:alert(1)"),)), "no web address"),
        (replace(GOOD, links=(NewLink("https://"),)), "no web address"),
        (replace(GOOD, links=(NewLink("https://[::1"),)), "no web address"),
        (replace(GOOD, links=(NewLink("https://a b.example/"),)), "no web address"),
        (replace(GOOD, links=(NewLink("https://x.example/" + "a" * 2048),)), "link 1"),
        (replace(GOOD, items=(replace(ITEM, label="x" * 81),)), "Picture or video 1: The label"),
        (replace(GOOD, items=(replace(ITEM, hashes=()),)), "at least one hash"),
        (replace(GOOD, items=(replace(ITEM, hashes=ITEM.hashes * 33),)), "256 can stand"),
        (replace(GOOD, items=(replace(ITEM, times_ms=(1,)),)), "one time each"),
        (replace(GOOD, items=(replace(ITEM, kind=ItemKind.VIDEO),)), "one time each"),
        (replace(GOOD, items=(replace(ITEM, hashes=(Hash(bytes(32)),)),)), "not that of a picture"),
        (replace(GOOD, items=(replace(ITEM, hashes=(Hash(ITEM.hashes[0].value, 49),)),)), "quality 49"),
        (
            replace(GOOD, items=(NewItem(ItemKind.VIDEO, "", ITEM.hashes[:1], times_ms=(-1,)),)),
            "time in a video",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(wrong: Submission, says: str) -> None:
    """Each part that is missing, too long, too much or no such thing is named."""
    with pytest.raises(InputError, match=says):
        limits.check_submission(wrong)


def test_a_case_is_bounded_over_time() -> None:
    """What a case holds already counts, however little comes at once."""
    with pytest.raises(InputError, match="200 in one case"):
        limits.check_items((ITEM,), held=limits.MAX_ITEMS)
    with pytest.raises(InputError, match="500 in one case"):
        limits.check_links((LINK,), held=limits.MAX_LINKS)


def test_an_empty_text_may_be_refused() -> None:
    """A message of blanks is empty."""
    with pytest.raises(InputError, match="empty"):
        limits.check_text("  ", 10, "message", least=1)
    limits.check_text("", 10, "label")


def test_a_body_is_bounded_by_what_it_holds() -> None:
    """A body may have 64 KiB for texts, as much for a picture, ten times that for a video."""
    assert limits.max_body_bytes(0) == 64 * 1024
    assert limits.max_body_bytes(3) == 4 * 64 * 1024
    assert limits.max_body_bytes(2, videos=1) == 12 * 64 * 1024
