# SPDX-License-Identifier: Apache-2.0
"""Copies of what was removed are searched as a job, and what is found is taken in once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from noli.bank.model import EntryId
from noli.base.errors import Unavailable
from noli.jobs.model import Lane
from noli.jobs.ports import LeaseLost
from noli.jobs.service import Runner
from noli.notices import commands as c
from noli.notices import copies
from noli.notices import events as e
from noli.notices.copies import CopySearch
from noli.notices.model import Ground, Letter, Measure, Notice, NoticeFilter, NoticeState, Opening, Via
from noli.notices.ports import FoundCopy, SeenUpload
from noli.regimes.model import Party
from tests.support.jobs import MemoryJobs
from tests.support.notices import START, Desk, complete, content


@dataclass
class Catalogue:
    """What the platform has, as it will be found."""

    has: list[FoundCopy] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None
    broken: bool = False

    def near(self, hashes: Sequence[bytes], *, within_bits: int, limit: int) -> list[FoundCopy]:
        """Find it."""
        self.asked.append((len(hashes), within_bits))
        self.meanwhile()
        if self.broken:
            msg = "Nothing is stored."
            raise Unavailable(msg)
        return self.has[:limit]


class Platform:
    """A desk with a catalogue and the jobs that search it."""

    def __init__(self, *found: FoundCopy) -> None:
        self.desk = Desk(searches=True)
        self.catalogue = Catalogue(list(found))
        self.troubles: list[str] = []
        self.search = CopySearch(self.desk.service, self.catalogue)
        self.runner = Runner(
            MemoryJobs(lambda: self.desk.memory.world.jobs),
            self.desk.clock,
            [self.search.task],
            dice=lambda: 0.5,
            report=lambda kind, _: self.troubles.append(kind),
        )

    def removed(self) -> Notice:
        """Remove something, and let the job run."""
        notice = self.desk.rule(self.desk.receive(), Measure.REMOVE)
        assert notice.copies_open
        assert self.runner.step(Lane.LOCAL)
        return self.desk.load(notice)

    def kinds(self, notice: Notice) -> list[str]:
        """Return what happened to a notice."""
        return [e.NAMES[type(each.event)] for each in self.desk.memory.world.histories[notice.id]]


def test_the_same_picture_joins_the_notice_and_shares_its_lot() -> None:
    """Each copy is recorded once, is out of sight, and who uploaded it is told why; the search and its clock end."""
    platform = Platform(FoundCopy("post-1", 0), FoundCopy("post-7", 0), FoundCopy("post-9", 8))
    notice = platform.removed()
    assert [(each.ref, each.via, each.restricted) for each in notice.contents] == [
        ("post-1", Via.NOTICE, True),
        ("post-7", Via.COPY, True),
        ("post-9", Via.COPY, True),
    ]
    assert not notice.copies_open
    assert platform.catalogue.asked == [(8, 31)]
    last = notice.messages[-1]
    assert (last.to, last.letter) == (Party.UPLOADER, Letter.STATEMENT)
    assert "copy of content that was removed" in last.text
    assert "found by automated means" in last.text
    assert platform.kinds(notice).count("notice.copies-found") == 1
    assert not platform.runner.step(Lane.LOCAL), "nothing is left to do"


def test_what_only_resembles_it_is_opened_for_review() -> None:
    """Nobody's upload is taken away because it looks like another one."""
    platform = Platform(FoundCopy("post-7", 9), FoundCopy("post-8", 30), FoundCopy("post-1", 12))
    notice = platform.removed()
    assert [each.ref for each in notice.contents] == ["post-1"]
    [review] = platform.desk.service.queue(NoticeFilter(state=NoticeState.OPEN))
    assert (review.opening, review.contents) == (Opening.DETECTION, 2)
    assert notice.messages[-1].letter is Letter.STATEMENT
    assert "copy of content" not in notice.messages[-1].text


def test_where_nothing_was_found_nobody_is_written_to() -> None:
    """The search is over all the same."""
    platform = Platform()
    other = platform.desk.receive(complete(contents=(content(2), content(3, hashes=False))))
    platform.desk.rule(other, Measure.REMOVE)
    platform.runner.step(Lane.LOCAL)
    assert not platform.desk.load(other).copies_open
    notice = platform.removed()
    assert not notice.copies_open
    assert notice.messages[-1].number < notice.version - 1


def test_a_search_that_ended_meanwhile_changes_nothing() -> None:
    """The platform answered over the API: the job finds nothing open, before or after looking."""
    platform = Platform(FoundCopy("post-7", 0))
    notice = platform.desk.rule(platform.desk.receive(), Measure.REMOVE)
    platform.catalogue.meanwhile = lambda: platform.desk.act(notice, c.EndCopySearch(0))
    platform.runner.step(Lane.LOCAL)
    assert len(platform.desk.load(notice).contents) == 1
    other = platform.desk.rule(platform.desk.receive(), Measure.REMOVE)
    platform.desk.act(other, c.EndCopySearch(0))
    platform.runner.step(Lane.LOCAL)
    assert len(platform.catalogue.asked) == 1


def test_a_process_that_lost_the_job_saves_nothing() -> None:
    """Another one has taken the search over while this one was looking."""
    platform = Platform(FoundCopy("post-7", 0))
    notice = platform.desk.rule(platform.desk.receive(), Measure.REMOVE)
    jobs = MemoryJobs(lambda: platform.desk.memory.world.jobs)
    lease = jobs.claim([platform.search.task], now=platform.desk.clock.now())
    assert lease is not None
    jobs.release(lease, due_at=platform.desk.clock.now())
    with pytest.raises(LeaseLost):
        platform.search.search(lease)
    assert platform.desk.load(notice).copies_open


def test_a_catalogue_that_cannot_answer_is_asked_again() -> None:
    """An empty store is no answer: the search stays open, and the job is reported and tried again."""
    platform = Platform(FoundCopy("post-7", 0))
    platform.catalogue.broken = True
    notice = platform.removed()
    assert notice.copies_open
    assert platform.troubles == ["notice-copies"]
    platform.catalogue.broken = False
    platform.desk.clock.move(hours=1)
    assert platform.runner.step(Lane.LOCAL)
    assert not platform.desk.load(notice).copies_open


def test_more_copies_than_a_notice_takes_in_keep_the_search_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were found are out of sight; the clock runs on until somebody has seen to the others."""
    monkeypatch.setattr(copies, "MOST", 2)
    platform = Platform(*(FoundCopy(f"other-{number}", 0) for number in range(5)))
    notice = platform.removed()
    assert [each.ref for each in notice.contents[1:]] == ["other-0", "other-1"]
    assert notice.copies_open


def test_what_a_check_found_is_searched_by_the_hashes_of_its_entry() -> None:
    """A match has no hashes of its own; its entry has."""
    platform = Platform()
    desk = platform.desk
    first = desk.rule(desk.receive(complete(contents=(content(5),))), Measure.REMOVE)
    platform.runner.step(Lane.LOCAL)
    entry = first.contents[0].entry
    assert entry is not None
    desk.memory.seen(SeenUpload(1, EntryId(entry), "removed", "platform", "review", "up-1", START))
    desk.clock.move(minutes=1)
    desk.upkeep.take_in()
    [found] = [each for each in desk.service.queue() if each.opening is Opening.DETECTION]
    with desk.service.store.transaction() as transaction:
        match = desk.service.load(transaction, found.id)
    desk.rule(match, Measure.REMOVE, Ground.INTIMATE)
    platform.runner.step(Lane.LOCAL)
    assert platform.catalogue.asked == [(8, 31), (8, 31)]


def test_without_a_catalogue_the_platform_is_asked() -> None:
    """No job is made; the search waits for the answer over the API."""
    desk = Desk()
    notice = desk.rule(desk.receive(), Measure.REMOVE)
    assert notice.copies_open
    assert desk.memory.world.jobs.rows == {}


def test_near_means_what_the_bank_says_or_its_default() -> None:
    """An operator who changed the policy of the bank is followed."""
    desk = Desk()
    with desk.service.store.transaction() as transaction:
        assert desk.service.kept_within(transaction) == 31
