# SPDX-License-Identifier: Apache-2.0
"""Two organisations stay in step, whatever happens between them; a hostile one gets nowhere and is seen."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from noli.adapters.partners import PartnerFetchers
from noli.adapters.signing import Ed25519Signer, Ed25519Verifier
from noli.bank.model import Action, OpinionKind
from noli.base.errors import InputError, NotFound
from noli.base.secrecy import Purpose
from noli.exchange.canaries import dihedral
from noli.exchange.model import HeldReason, Import, NewPartner, PartnerState, Protocol, Source, SyncState, SyncStatus
from noli.exchange.ports import HttpAnswer
from noli.exchange.sync import EVERY, LISTENED_TO, NOLI_EVERY, TERM, due_again
from noli.hashing.model import DIHEDRAL
from noli.jobs.model import Lane, Lease
from tests.support.exchange import Hub, hub, made_up


class Pair:
    """Two organisations; here takes from there."""

    def __init__(self, here: Hub, there: Hub) -> None:
        self.here, self.there = here, there
        self.partner = here.take_from_noli("there", there)

    def run(self) -> SyncStatus:
        """Fetch once."""
        self.here.clock.move(seconds=10)
        return self.here.syncer.run("there").status

    def in_step(self) -> bool:
        """Say whether here matches all of there, and nothing else but canaries."""
        matched, there = self.here.matched(), self.there.matched("protected")
        canaries = self.there.canaries.values(self.there.partners.get("us").id, until=1000)
        return matched - {dihedral(value, form) for value in canaries for form in DIHEDRAL} == there


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two organisations."""
    (tmp_path / "there").mkdir()
    with hub(tmp_path) as here, hub(tmp_path / "there") as there:
        yield Pair(here, there)


# --- in step -------------------------------------------------------------------------------------------------------


def test_what_is_added_and_withdrawn_there_is_here(pair: Pair) -> None:
    """An entry comes with all its hashes, asks for review until confirmed, and goes when it is withdrawn there."""
    [first, _] = pair.there.put(1, 20, forms=8)
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()
    assert len(pair.here.matched()) == 3 * 8
    with pair.here.exchange.transaction() as t:
        entries = t.banks.entries("received")
    assert {(entry.at_most, entry.provenance.source, entry.sharing.leaves) for entry in entries} == {
        (Action.REVIEW, "there", False)
    }
    pair.there.withdraw(first)
    pair.run()
    assert pair.in_step()
    counts = pair.here.state("there").counts
    assert (counts.taken, counts.withdrawn, counts.refused, counts.held) == (3, 1, 0, 0)


def test_a_cut_link_is_caught_up_with(pair: Pair) -> None:
    """While the link is cut the status says so; afterwards only what is new is read."""
    entries = pair.there.put(*range(1, 11))
    pair.run()
    read = len(pair.here.wire.asked)
    pair.here.wire.cut = True
    assert pair.run() is SyncStatus.UNREACHABLE
    assert pair.run() is SyncStatus.UNREACHABLE
    state = pair.here.state("there")
    assert state.failures == 2
    assert state.next_at is not None
    assert state.next_at > pair.here.clock.now() + timedelta(seconds=5)
    assert [each.name for each in pair.here.syncer.due()] == []
    pair.there.withdraw(entries[0])
    pair.there.put(11)
    pair.here.wire.cut = False
    pair.here.clock.move(hours=1)
    assert [each.name for each in pair.here.syncer.due()] == ["there"]
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()
    assert len(pair.here.wire.asked) - read <= 2


def test_what_was_stored_is_signed_for(pair: Pair) -> None:
    """Each page is signed for by who stored it, with the key of its own feed; what was not stored is not."""
    pair.there.put(*range(1, 8))
    pair.run()
    _killed(pair)
    pair.there.put(9)
    pair.run()
    with pair.there.exchange.transaction() as t:
        kept = t.receipts(pair.there.partners.get("us").id)
    assert len(kept) > 1
    assert {each.key for each in kept} == {pair.here.feed.public_key}
    assert kept[0].position < pair.here.state("there").checkpoint["after"]


def test_opinions_travel_both_ways(pair: Pair) -> None:
    """What people there think comes with an entry; what people here think goes back to where it is from, once."""
    [entry] = pair.there.put(1)
    pair.run()
    ours = pair.here
    with ours.exchange.transaction() as t:
        found = t.banks.entries("received")
        [here] = [each for each in found if made_up(1) in {one.value for one in each.hashes}]
    pair.there.say(entry, OpinionKind.DISPUTED)
    pair.run()
    with ours.exchange.transaction() as t:
        assert t.banks.entry("received", here.id).disputed
        assert [one.author for one in t.banks.opinions("received", here.id)] == ["partner:there"]
    ours.say(here.id, OpinionKind.FALSE_POSITIVE, bank="received")
    pair.run()
    pair.run()
    with pair.there.exchange.transaction() as t:
        said = [(one.author, one.kind) for one in t.banks.opinions("protected", entry)]
    assert said == [("anna", OpinionKind.DISPUTED), ("partner:us", OpinionKind.FALSE_POSITIVE)]


def test_consent_taken_back_there_stops_matching_here(pair: Pair) -> None:
    """And may come back, as a new entry here."""
    [entry] = pair.there.put(1)
    pair.there.consent(entry, given=True)
    for given_, there in ((False, False), (True, True)):
        pair.run()
        pair.there.clock.move(seconds=1)
        pair.there.consent(entry, given=given_)
        pair.run()
        assert (made_up(1) in pair.here.matched()) is there


def test_beginning_anew_drops_what_is_not_named_any_more(pair: Pair) -> None:
    """A feed that was set back is refused until a person agrees; then what it does not know any more goes."""
    pair.there.put(1)
    pair.run()
    lost = pair.there.put(2)
    pair.run()
    pair.there.withdraw(lost[0])
    pair.there.feed.begin_epoch()
    assert pair.run() is SyncStatus.DISTRUSTED
    assert "set back" in pair.here.state("there").reason
    assert made_up(2) in pair.here.matched()
    pair.here.syncer.begin_anew("there")
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()
    assert made_up(2) not in pair.here.matched()


def test_keys_can_be_changed_without_a_word(pair: Pair) -> None:
    """Who trusts a key follows its successors, also after several at once; an unrelated key is not followed."""
    pair.there.put(1)
    pair.run()
    for _ in range(2):
        pair.there.feed.rotate()
    pair.there.put(2)
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()
    wrong = replace(pair.partner, source=Source("https://there", "11" * 32))
    pair.here.partners.change(wrong)
    pair.there.put(3)
    assert pair.run() is SyncStatus.DISTRUSTED
    pair.here.partners.change(replace(wrong, source=Source("https://there", pair.there.feed.public_key)))
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()


STEPS = st.lists(st.sampled_from(["add", "add", "withdraw", "fetch", "cut", "repeat", "die", "other"]), max_size=14)


@settings(max_examples=12)
@given(steps=STEPS)
def test_any_order_any_repetition_any_interruption(steps: list[str]) -> None:
    """However fetching is interrupted, repeated or mixed with changes, both have the same in the end."""
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        pair = Pair(*(stack.enter_context(hub(folder)) for folder in folders))
        pair.there.bank("private")
        seeds = itertools.count(1)
        live = []
        for step in steps:
            pair.there.clock.move(seconds=1)
            match step:
                case "add":
                    live += pair.there.put(next(seeds), next(seeds))
                case "withdraw" if live:
                    pair.there.withdraw(live.pop(0))
                case "fetch":
                    pair.run()
                case "cut":
                    _interrupted(pair)
                case "repeat":
                    pair.here.syncer.begin_anew("there")
                case "die":
                    _killed(pair)
                case "other":
                    pair.there.put(next(seeds), bank="private")
        pair.here.wire.cut = False
        assert pair.run() is SyncStatus.OK
        assert pair.in_step()


def _interrupted(pair: Pair) -> None:
    """Lose the link after the first page."""
    calls = itertools.count()

    def bend(answer: HttpAnswer) -> HttpAnswer:
        pair.here.wire.cut = next(calls) == 0
        return answer

    pair.here.wire.bend = bend
    pair.run()
    pair.here.wire.cut, pair.here.wire.bend = False, lambda answer: answer


def _killed(pair: Pair) -> None:
    """Die while the second page is being stored: after its entries are written, before the transaction ends."""
    calls, take = itertools.count(), pair.here.incoming.take

    def dies(*args: Any, **more: Any) -> SyncState:
        state = take(*args, **more)
        if next(calls):
            raise _KilledError
        return state

    with suppress(_KilledError), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair.here.incoming, "take", dies)
        pair.run()


class _KilledError(BaseException):
    """Stands for the end of the process."""


# --- hostile -------------------------------------------------------------------------------------------------------


def test_an_old_page_is_not_believed(pair: Pair) -> None:
    """A page that is played back, a page for somebody else and a page of another place are refused, and it is seen."""
    pair.there.put(*range(1, 8))
    pages: list[HttpAnswer] = []

    def keep(answer: HttpAnswer) -> HttpAnswer:
        pages.append(answer)
        return answer

    pair.here.wire.bend = keep
    pair.run()
    assert len(pages) > 2
    matched = pair.here.matched()
    for old in pages:
        pair.here.wire.bend = lambda _, old=old: old  # type: ignore[misc] # bound now
        assert pair.run() is SyncStatus.DISTRUSTED
    assert "another question" in pair.here.state("there").reason
    assert pair.here.matched() == matched


def bent(**changes: object) -> "Bend":
    """Change fields of a page and sign it again with the right key."""
    return Bend(changes)


class Bend:
    """A partner that holds its own key and lies."""

    def __init__(self, changes: dict[str, object]) -> None:
        self._changes = changes

    def of(self, pair: Pair, *, key: bytes | None = None) -> None:
        """Let every answer be changed."""
        seed = pair.there.keyring.digest(Purpose.FEED, b"key|0") if key is None else key
        signer = Ed25519Signer(seed)

        def bend(answer: HttpAnswer) -> HttpAnswer:
            page = {**msgspec.json.decode(answer.body), **self._changes}
            body = msgspec.json.encode(page)
            header = f"{signer.public_key}:{signer.sign(b'noli-feed|' + body).hex()}"
            return HttpAnswer(200, {"noli-signature": header}, body)

        pair.here.wire.bend = bend


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"noli": 2}, "form 2"),
        ({"noli": "x"}, "no page"),
        ({"nonce": "0"}, "another question"),
        ({"previous": "00"}, "another question"),
        ({"to": "them"}, "somebody else"),
        ({"epoch": "other"}, "set back"),
        ({"installation": "other"}, "set back"),
        ({"next": 0}, "back"),
        ({"next": 0, "items": []}, "back"),
    ],
)
def test_a_page_that_contradicts_is_refused(pair: Pair, changes: dict[str, object], why: str) -> None:
    """Whatever a partner changes of a page's frame, even well signed, nothing of the page is taken."""
    pair.there.put(1)
    pair.run()
    pair.there.put(2)
    bent(**changes).of(pair)
    assert pair.run() is SyncStatus.DISTRUSTED
    assert why in pair.here.state("there").reason
    assert made_up(2) not in pair.here.matched()


def test_a_forged_signature_is_refused(pair: Pair) -> None:
    """Another key, a signature of another body, and none at all are each refused."""
    pair.there.put(1)
    bent().of(pair, key=bytes(32))
    assert pair.run() is SyncStatus.DISTRUSTED
    for header in ("", "zz:zz", f"{pair.there.feed.public_key}:no hex", f"{pair.there.feed.public_key}:{'00' * 64}"):
        pair.here.wire.bend = lambda a, header=header: HttpAnswer(200, {"noli-signature": header}, a.body)  # type: ignore[misc]
        assert pair.run() is SyncStatus.DISTRUSTED
    assert "signature" in pair.here.state("there").reason
    assert pair.here.matched() == set()


def item(sequence: int, value: str, **more: object) -> dict[str, object]:
    """Write an item as a partner could."""
    return {
        "sequence": sequence,
        "at": "2026-03-01T12:00:00+00:00",
        "entry": f"{sequence:013}",
        "bank": "protected",
        "withdrawn": False,
        "hashes": [{"type": "pdq", "value": value, "quality": 90}],
        **more,
    }


def test_bad_records_are_quarantined_one_by_one(pair: Pair) -> None:
    """What no picture can have, cannot be read or is not agreed on is refused with its reason; the rest comes."""
    good = made_up(50).hex()
    pair.here.partners.change(replace(pair.partner, imports=(Import("protected", "received"),)))
    pair.there.put(*range(1, 40))
    items = [
        item(3, "00" * 32),
        item(4, "ff" * 32),
        item(5, "not hexadecimal"),
        item(6, good, bank="their-other-bank"),
        item(7, good, entry="no id"),
        item(8, good, hashes=[]),
        item(9, good, hashes=[{"type": "pdq", "value": good, "quality": 12}]),
        item(10, good, hashes=[{"type": "pdq", "value": good, "variant": "inside-out"}]),
        item(11, good, hashes=[{"type": "other", "value": good}]),
        "no item at all",
        item(12, good, opinions=["love it"]),
        item(13, good),
    ]
    bent(items=items, next=40, more=False).of(pair)
    assert pair.run() is SyncStatus.OK
    assert pair.here.matched() == {made_up(50)}
    reasons = pair.here.quarantined("there")
    assert len(reasons) == 11
    for part in ("0 of 256", "256 of 256", "hexadecimal", "'their-other-bank'", "no id", "at least one", "quality 12"):
        assert any(part in reason for reason in reasons), part
    assert pair.here.state("there").counts.refused == 11


def test_a_page_of_rubbish_changes_nothing(pair: Pair) -> None:
    """It is passed over as a whole, and what comes after it is read."""
    pair.there.put(*range(1, 10))
    bent(items=["rubbish"], more=False).of(pair)
    assert pair.run() is SyncStatus.OK
    assert pair.here.matched() == set()
    assert pair.here.state("there").counts.refused == 1


def test_numbers_that_go_back_are_refused(pair: Pair) -> None:
    """Within a page as between pages."""
    pair.there.put(*range(1, 10))
    value = made_up(50).hex()
    for items in ([item(5, value), item(4, value)], [item(0, value)], [item(90, value)]):
        bent(items=items).of(pair)
        assert pair.run() is SyncStatus.DISTRUSTED
    assert pair.here.matched() == set()


def test_a_flood_is_held_and_then_stopped(pair: Pair) -> None:
    """Beyond the hour's agreement entries wait for a look; beyond what is kept nothing is read; others are served."""
    other = Path(tempfile.mkdtemp()) / "list.txt"
    other.write_text(made_up(999).hex())
    take = NewPartner("other", Protocol.FILE, imports=(Import("", "received"),), source=Source(str(other)))
    pair.here.partners.add(take)
    pair.here.partners.change(replace(pair.partner, per_hour=5))
    pair.there.put(*range(1, 61))
    assert pair.run() is SyncStatus.FLOODED
    state = pair.here.state("there")
    assert (state.counts.taken, state.status) == (5, SyncStatus.FLOODED)
    assert 10 < state.counts.held <= 20
    assert len(pair.here.matched()) == 5
    assert pair.here.syncer.run("other").status is SyncStatus.OK
    assert made_up(999) in pair.here.matched()
    assert pair.here.incoming.release(pair.partner, reason=HeldReason.COMMON) == 0
    assert pair.here.incoming.release(pair.partner, reason=HeldReason.FLOOD) == state.counts.held
    pair.here.partners.change(replace(pair.partner, per_hour=1000))
    assert pair.run() is SyncStatus.OK
    pair.here.matched().remove(made_up(999))
    assert pair.here.matched() >= pair.there.matched("protected")


def test_the_agreement_is_for_an_hour(pair: Pair) -> None:
    """An hour later as much may come again."""
    pair.here.partners.change(replace(pair.partner, per_hour=3))
    pair.there.put(1, 2)
    pair.run()
    assert len(pair.here.matched()) == 3
    pair.there.put(3)
    pair.here.clock.move(hours=1)
    pair.run()
    assert made_up(3) in pair.here.matched()


def test_a_common_picture_is_held(pair: Pair) -> None:
    """What is near a negative bank's entry waits for a look, and can be refused for good."""
    pair.here.bank("everywhere", negative=True)
    pair.here.put(1, bank="everywhere")
    pair.there.put(1, 2)
    pair.run()
    assert made_up(1) not in pair.here.matched()
    assert made_up(2) in pair.here.matched()
    assert pair.here.state("there").counts.held == 1
    assert pair.here.incoming.discard(pair.partner) == 1
    pair.here.syncer.begin_anew("there")
    pair.run()
    assert made_up(1) not in pair.here.matched()


def test_what_is_held_goes_when_it_is_withdrawn(pair: Pair) -> None:
    """Nothing is left to be released of what its source took back."""
    pair.here.partners.change(replace(pair.partner, per_hour=0))
    entries = pair.there.put(1, 2)
    pair.run()
    pair.there.withdraw(entries[0])
    pair.run()
    pair.here.incoming.release(pair.partner)
    assert made_up(1) not in pair.here.matched()
    assert made_up(2) in pair.here.matched()


def test_a_video_comes_with_its_times(pair: Pair) -> None:
    """Its frames are matched as those of one video; held and released it is still one; withdrawn there, it is gone."""
    [video, other] = [pair.there.put_video(100), pair.there.put_video(200, frames=2)]
    pair.run()
    assert pair.there.matched("protected") <= pair.here.matched()
    with pair.here.exchange.transaction() as t:
        [here] = [e for e in t.banks.entries("received") if e.hashes[0].value == made_up(100)]
        assert [at for at, _ in t.banks.timed_hashes([here.id])[here.id]] == [0, 1000, 2000]
    pair.there.withdraw(video)
    pair.run()
    assert made_up(102) not in pair.here.matched()
    assert made_up(201) in pair.here.matched()
    pair.there.withdraw(other)
    pair.run()
    pair.here.partners.change(replace(pair.partner, per_hour=0))
    pair.there.put_video(300)
    pair.run()
    assert pair.here.matched() & {made_up(300), made_up(302)} == set()
    pair.here.incoming.release(pair.partner)
    assert pair.here.matched() >= {made_up(300), made_up(302)}


def test_a_frame_without_its_time_is_refused(pair: Pair) -> None:
    """A partner that calls a picture a frame, or a frame a picture, is told why; the rest comes."""
    good = made_up(50).hex()
    pair.there.put(*range(1, 10))
    items = [
        item(3, good, hashes=[{"type": "vpdq", "value": good, "quality": 90}]),
        item(4, good, hashes=[{"type": "pdq", "value": good, "quality": 90, "at_ms": 5}]),
        item(5, good, hashes=[{"type": "vpdq", "value": good, "quality": 90, "at_ms": -1}]),
        item(6, good),
    ]
    bent(items=items, next=10, more=False).of(pair)
    assert pair.run() is SyncStatus.OK
    assert pair.here.matched() == {made_up(50)}
    assert pair.here.state("there").counts.refused == 3


# --- who may be fetched from ---------------------------------------------------------------------------------------


def test_only_agreed_sources_are_fetched(pair: Pair) -> None:
    """A partner without a source, a suspended one and one that is not there are named."""
    here = pair.here
    here.partner("caller")
    with pytest.raises(InputError, match="Nothing is fetched"):
        here.syncer.run("caller")
    here.partners.set_state("there", PartnerState.SUSPENDED)
    with pytest.raises(InputError, match="suspended"):
        here.syncer.run("there")
    assert here.syncer.due() == []
    with pytest.raises(NotFound):
        here.syncer.run("nobody")
    with pytest.raises(NotFound):
        here.syncer.begin_anew("nobody")


def test_how_often_a_partner_is_asked(pair: Pair) -> None:
    """Noli at once where it told something, else a second after it was asked; others every few minutes."""
    began = pair.here.clock.now()
    ended = began + timedelta(seconds=2)
    told = partial(due_again, began=began, ended=ended, every=NOLI_EVERY)
    assert told(pair.partner, told=True) == ended
    assert told(pair.partner, told=False) == began + NOLI_EVERY
    other = replace(pair.partner, protocol=Protocol.NCMEC)
    assert told(other, told=True) == ended + EVERY


def test_a_server_listens_to_some(pair: Pair) -> None:
    """Another Noli may hold its answer back; where there are too many for that, each is asked, and more seldom."""
    lease = Lease("partner", "there", "", pair.here.clock.now(), 0, 0)
    source = Source("https://elsewhere", "00" * 32)
    for number in range(LISTENED_TO):
        pair.here.syncer.task.run(lease)
        assert "wait=2" in pair.here.wire.asked[-1][1]
        pair.here.partners.add(NewPartner(f"other{number}", Protocol.NOLI, source=source))
    assert pair.here.syncer.task.run(lease) == pair.here.clock.now() + 2 * NOLI_EVERY
    assert "wait=0" in pair.here.wire.asked[-1][1]


def test_a_job_is_not_forgotten_while_another_process_begins(pair: Pair) -> None:
    """Who finds that another process is at the very first fetch comes back when that one should be done, or is dead."""
    pair.there.put(*range(1, 8))
    lease = Lease("partner", "there", "", pair.here.clock.now(), 0, 0)

    def bend(answer: HttpAnswer) -> HttpAnswer:
        # Another process stores the first page, and dies.
        pair.here.wire.bend = dead
        with pytest.raises(RuntimeError):
            pair.here.syncer.run("there")
        pair.here.wire.bend = lambda a: a
        return answer

    def dead(answer: HttpAnswer) -> HttpAnswer:
        if "after=0" in pair.here.wire.asked[-1][1]:
            return answer
        raise RuntimeError

    pair.here.wire.bend = bend
    assert pair.here.syncer.task.run(lease) == pair.here.clock.now() + TERM


def test_a_server_fetches_as_a_job(pair: Pair) -> None:
    """It is due again at once where something came, else after a while, and ends where nothing is fetched any more."""
    lease = Lease("partner", "there", "", pair.here.clock.now(), 0, 0)
    pair.there.put(1)
    task = pair.here.syncer.task
    assert (task.kind, task.lane, task.every) == ("partner", Lane.LISTENING, None)
    assert task.run(lease) == pair.here.clock.now()
    assert task.run(lease) == pair.here.clock.now() + NOLI_EVERY
    pair.here.partners.set_state("there", PartnerState.SUSPENDED)
    assert task.run(lease) is None
    assert task.run(replace(lease, subject="nobody")) is None


def test_two_processes_do_no_harm(pair: Pair) -> None:
    """Who finds that another was quicker stops, and what was stored is right."""
    pair.there.put(*range(1, 8))

    def bend(answer: HttpAnswer) -> HttpAnswer:
        pair.here.wire.bend = lambda a: a
        pair.here.syncer.run("there")
        return answer

    pair.here.wire.bend = bend
    assert pair.run() is SyncStatus.OK
    assert pair.in_step()


def test_nothing_is_fetched_in_a_protocol_that_cannot(pair: Pair) -> None:
    """A partner that only calls us has no source to fetch from."""
    pair.here.partners.change(replace(pair.partner, protocol=Protocol.HMA))
    with pytest.raises(InputError, match="hma"):
        pair.run()
    fetchers = PartnerFetchers(pair.here.wire, Ed25519Verifier(), pair.here.feed.signer, pair.here.clock)
    with pytest.raises(InputError, match="Nothing says"):
        fetchers.open(replace(pair.partner, source=None), secret="")


def test_the_most_doubtful_opinion_comes(pair: Pair) -> None:
    """Of several people there."""
    [entry] = pair.there.put(1)
    pair.there.say(entry, OpinionKind.TRUE_POSITIVE)
    pair.run()
    pair.there.say(entry, OpinionKind.FALSE_POSITIVE, author="ben")
    pair.run()
    with pair.here.exchange.transaction() as t:
        [here] = [e for e in t.banks.entries("received") if made_up(1) in {one.value for one in e.hashes}]
        assert [o.kind for o in t.banks.opinions("received", here.id)] == ["true_positive", "false_positive"]
