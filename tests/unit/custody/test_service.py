# SPDX-License-Identifier: Apache-2.0
"""Packages are made, kept, handed out and let go of, each on record."""

import json

import pytest

from noli.base.errors import Conflict, InputError, IntegrityError, NotFound, Unavailable
from noli.casework.model import CaseId
from noli.evidence.signing import RootService
from noli.jobs.model import Lane
from tests.support.custody import ADA, Evidence, checked, members
from tests.support.jobs import MemoryJobs


def test_a_package_is_kept_and_on_record() -> None:
    """The case and the ledger say who made it and which file it is; what is handed out is that file."""
    world = Evidence()
    case = world.everything()
    made, content = world.desk.capture(case, actor=ADA)
    assert world.desk.packages(case) == (made,)
    assert (made.made_by, made.size, made.language, made.with_hashes) == (ADA, len(content), "en", False)
    assert world.store.digests(case) == [made.digest]
    assert world.desk.fetch(case, made.digest, actor="key:lawyer") == (made, content)
    assert world.desk.fetch(case, made.digest[:8].upper(), actor=ADA)[1] == content
    told = [(entry.fact.kind, entry.fact.actor) for entry in world.memory.world.ledger[-3:]]
    assert told == [("evidence.captured", ADA), ("evidence.fetched", "key:lawyer"), ("evidence.fetched", ADA)]
    assert world.memory.world.ledger[-1].fact.commitment.hex() == made.digest


def test_a_second_package_tells_of_the_first() -> None:
    """Each is a file of its own, and what was made before is part of the story."""
    world = Evidence()
    case = world.case()
    first, _ = world.desk.capture(case, actor=ADA)
    second, content = world.desk.capture(case, language="de", with_hashes=True, actor=ADA)
    assert [each.digest for each in world.desk.packages(case)] == [first.digest, second.digest]
    assert f"Ein Beweispaket wurde erstellt (SHA-256 {first.digest})." in members(content)["story.json"].decode()


def test_a_package_shows_what_it_was_asked_for() -> None:
    """Hashes are in it only where somebody asked; a time-stamp where an authority answers."""
    world = Evidence(stamped=True)
    case = world.case()
    plain = members(world.desk.capture(case, actor=ADA)[1])
    assert "hashes.json" not in plain
    assert plain["timestamp.tsr"] == world.memory.world.tokens[0].token
    world.authority.there = False
    full = members(world.desk.capture(case, with_hashes=True, actor=ADA)[1])
    [hashes] = json.loads(full["hashes.json"]).values()
    assert [len(each["value"]) for each in hashes] == [64] * 8
    assert "timestamp.tsr" not in full
    assert not any(each["value"].encode() in body for each in hashes for body in plain.values())


def test_what_cannot_be_made_is_refused() -> None:
    """An unknown case, package or language says so; a name that is too short names nothing."""
    world = Evidence()
    case = world.case()
    with pytest.raises(InputError, match="en, de"):
        world.desk.capture(case, language="xx", actor=ADA)
    with pytest.raises(NotFound):
        world.desk.capture(CaseId("NONE"), actor=ADA)
    made, _ = world.desk.capture(case, actor=ADA)
    for name in ("", made.digest[:7], "0" * 64):
        with pytest.raises(NotFound, match="no such evidence package"):
            world.desk.fetch(case, name, actor=ADA)


def test_a_store_that_is_away_leaves_nothing_on_record() -> None:
    """Nobody is told of a package that was not kept; one that cannot be reached or is damaged is not handed out."""
    world = Evidence()
    case = world.case()
    world.store.there = False
    with pytest.raises(Unavailable):
        world.desk.capture(case, actor=ADA)
    assert world.desk.packages(case) == ()
    world.store.there = True
    made, _ = world.desk.capture(case, actor=ADA)
    world.store.kept[case, made.digest] = b"damaged"
    with pytest.raises(IntegrityError):
        world.desk.fetch(case, made.digest, actor=ADA)
    assert world.memory.world.ledger[-1].fact.kind == "evidence.captured"


def test_an_erased_case_has_no_packages() -> None:
    """Its erasure asks for a job that deletes them; later ones are refused, and the record of them stays."""
    world = Evidence()
    case = world.everything()
    made, _ = world.desk.capture(case, actor=ADA)
    world.helpline.casework.cases.request_withdrawal(case, erase=True)
    jobs = world.memory.world.outbox.jobs
    assert ("case-erased", case) in jobs.rows
    task = world.desk.task
    lease = MemoryJobs(lambda: jobs).claim([task], now=world.clock.now())
    assert lease is not None
    assert (lease.subject, task.lane, task.run(lease)) == (case, Lane.NETWORK, None)
    assert world.store.kept == {}
    with pytest.raises(Conflict, match="Nothing is left"):
        world.desk.capture(case, actor=ADA)
    with pytest.raises(Conflict, match="erased, and its packages"):
        world.desk.fetch(case, made.digest, actor=ADA)
    assert world.desk.packages(case) == (made,)


def test_a_case_that_was_withdrawn_can_still_be_shown() -> None:
    """The person took everything back without erasing it: what happened is theirs to show."""
    world = Evidence()
    case = world.everything()
    world.helpline.casework.cases.request_withdrawal(case, erase=False)
    _, content = world.desk.capture(case, actor=ADA)
    assert "Everything was withdrawn (1 files)" in members(content)["story.json"].decode()


def test_an_erasure_in_between_leaves_no_file() -> None:
    """The case was erased while its package was made: nothing is on record, and nothing is kept."""
    world = Evidence()
    case = world.case()
    put = world.store.put

    def erased_meanwhile(case: CaseId, digest: str, content: bytes) -> None:
        put(case, digest, content)
        world.helpline.casework.cases.request_withdrawal(case, erase=True)

    world.store.put = erased_meanwhile  # type: ignore[method-assign] # what happens at that very moment
    with pytest.raises(Conflict):
        world.desk.capture(case, actor=ADA)
    assert world.store.kept == {}


def test_a_change_in_between_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others keep changing the case its package is not on record; the file goes with the case."""
    world = Evidence()
    case = world.case()

    def busy(*_: object, **__: object) -> None:
        msg = "Somebody else is changing this case."
        raise Conflict(msg)

    monkeypatch.setattr(world.helpline.casework.files, "act", busy)
    with pytest.raises(Conflict, match="Somebody else"):
        world.desk.capture(case, actor=ADA)
    assert len(world.store.kept) == 1


def test_signing_beside_other_processes_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process signs a root at the same moment: the next try goes on from there; for ever it is an error."""
    world = Evidence()
    case = world.case()
    sign, lost = RootService.sign, [2]

    def overtaken(self: RootService) -> object:
        if lost[0]:
            lost[0] -= 1
            msg = "The root of this size was signed already."
            raise Conflict(msg)
        return sign(self)

    monkeypatch.setattr(RootService, "sign", overtaken)
    _, content = world.desk.capture(case, actor=ADA)
    assert checked(content).well
    lost[0] = 3
    with pytest.raises(Conflict):
        world.desk.capture(case, actor=ADA)
