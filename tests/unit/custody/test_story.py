# SPDX-License-Identifier: Apache-2.0
"""What a package tells, in both languages, and what it never tells."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from noli.casework.events import NAMES as CASES
from noli.custody import story
from noli.custody.model import Known, StoryLine
from noli.custody.service import _known
from noli.custody.words import ABOUT, STORY, WORDS
from noli.pursuit import events as p
from noli.pursuit.events import NAMES as PURSUITS
from noli.pursuit.model import DueBy, FoundBy, Outcome, Request, Responsible, Rung
from noli.regimes.model import Filer, RegimeId, SetBy
from tests.support.custody import SECRETS, Evidence
from tests.unit.casework.test_events import EXAMPLES

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def _read(world: Evidence, *, with_hashes: bool = False) -> Known:
    [case] = world.memory.world.doors
    with world.helpline.store.transaction() as transaction:
        return _known(transaction, case, with_hashes=with_hashes)


@pytest.fixture(scope="module")
def known() -> Known:
    """A case at which everything happened."""
    world = Evidence()
    world.everything()
    return _read(world)


def _says(known: Known, language: str) -> list[StoryLine]:
    return story.lines(known, language)[0]


def test_the_story_is_told_in_order_and_in_both_languages(known: Known) -> None:
    """From the report to the removal, each line with its ledger entry; both languages tell the same."""
    english, german = _says(known, "en"), _says(known, "de")
    assert [each.ledger for each in english] == sorted(each.ledger for each in english)
    assert [each.kind for each in english] == [each.kind for each in german]
    texts = [each.says for each in english]
    assert texts[0] == "The case was opened. Reported by: a helpline. Situation: files that the person has."
    assert "A copy was reported at: https://www.copies.example/1" in texts
    assert any("hosting provider Racks GmbH <abuse@racks.example> [registry (RDAP): " in each for each in texts)
    assert any("Request 2 to Racks GmbH was sent. Time until 2026-" in each for each in texts)
    assert "The time of request 2 to Racks GmbH ran out." in texts
    assert any(each.startswith("The mail of request 3 could not be delivered: No such box.") for each in texts)
    assert texts[-1] == "On record for request 4 to Visa: removed."
    assert german[0].says.startswith("Der Fall wurde eröffnet. Gemeldet von: einer Beratungsstelle.")
    assert not any("%(" in each.says for each in (*english, *german))


def test_mails_are_there_as_they_were_sent_and_answers_as_they_came(known: Known) -> None:
    """The mail itself, byte by byte; of an answer its text, and how much was left in the mailbox."""
    lines, files = story.lines(known, "en")
    mails = sorted(name for name in files if name.endswith(".eml"))
    assert len(mails) == 2
    assert files[mails[0]].startswith(b"To: abuse@racks.example\r\n")
    [answer] = [body for name, body in files.items() if name.startswith("answers/")]
    assert b"Attachments-not-fetched: 2\n" in answer
    assert answer.endswith(b"\n\nWhich address?\n")
    assert sum(name.endswith("as-written.txt") for name in files) == 3
    assert sorted(name for line in lines for name in line.files) == sorted(files)


@pytest.mark.parametrize("language", ["en", "de"])
def test_what_the_person_told_stays_out(known: Known, language: str) -> None:
    """Contact, words of their own, labels, notes beside links and who represents them are in no line and no file."""
    lines, files = story.lines(known, language)
    everything = "\n".join([*(each.says for each in lines), *(body.decode() for body in files.values())])
    assert [secret for secret in SECRETS if secret in everything] == []
    opened = [opening for _, opening in known.openings if story.is_open(opening)]
    assert not any(secret in repr(dict(each.written.private)) for secret in SECRETS for each in opened)


def test_a_draft_that_was_thrown_away_is_not_told(known: Known) -> None:
    """What was never sent is nobody's business."""
    assert not any("Request 1 " in each.says for each in _says(known, "en"))
    assert [request.number for _, request in story.asked(known)] == [2, 3, 4]


def test_what_is_held_or_said_in_private_has_no_sentence() -> None:
    """Kinds of events that would give something away are not in the story."""
    silent = set(CASES.values()) - set(STORY)
    assert silent == {
        "item.released", "message.sent", "contact.changed", "consent.changed", "passphrase.replaced",
        "case.request-stepped", "case.erased", "case.assigned", "note.added",
    }  # fmt: skip
    assert set(PURSUITS.values()) - set(STORY) == {
        "request.dropped", "request.replies-read", "pursuit.step-proposed"
    }  # fmt: skip


@pytest.mark.parametrize("kind", sorted(STORY))
def test_every_sentence_can_be_filled(kind: str) -> None:
    """Sentences name only what their event holds, or what is added to it; both languages name the same."""
    types = {name: type_ for type_, name in (*CASES.items(), *PURSUITS.items())}
    held = {field.name for field in fields(types[kind])}
    added = {"what", "parties", "clock", "laws", "site", "name", "address"}
    given = dict.fromkeys(held | added, "x")
    for sentence in STORY[kind]:
        assert sentence % given
    names = [sorted(part.split(")")[0] for part in sentence.split("%(")[1:]) for sentence in STORY[kind]]
    assert names[0] == names[1]


def test_every_text_is_there_in_both_languages() -> None:
    """No word is left over in one language."""
    assert all(english and german for english, german in (*STORY.values(), *WORDS.values()))
    assert set(ABOUT) == {"en", "de"}


def test_other_events_of_a_case_have_a_line_too() -> None:
    """Every event of a case that has a sentence is told in words, whatever it holds."""
    world = Evidence()
    world.case()
    known = _read(world)
    _, first = known.openings[0]
    for event in EXAMPLES:
        kind = CASES[type(event)]
        if kind in STORY:
            made = replace(
                first, recorded=replace(first.recorded, event=event), written=replace(first.written, name=kind)
            )
            [line] = story.lines(replace(known, openings=[(known.case.id, made)]), "en")[0]
            assert "%(" not in line.says


def test_nobody_found_is_said() -> None:
    """A look-up that found nobody, and somebody without an address, are told as that."""
    world = Evidence()
    world.everything()
    known = _read(world)
    owner, opening = next(each for each in known.openings if each[1].written.name == "pursuit.looked-up")
    nobody = p.LookedUp(rungs=(), parties=())
    party = p.PartyAdded(rung=Rung.CDN, party=Responsible(rung=Rung.CDN, name="Edge", found_by=FoundBy.STAFF))
    told = []
    for event, kind in ((nobody, "pursuit.looked-up"), (party, "pursuit.party-added")):
        made = replace(
            opening, recorded=replace(opening.recorded, event=event), written=replace(opening.written, name=kind)
        )
        told += story.lines(replace(known, openings=[(owner, made)]), "en")[0]
    assert told[0].says.endswith("They said: nobody was found")
    assert told[1].says == "Named by staff as responsible: delivery network Edge [staff]"


def _request(**more: object) -> Request:
    party = Responsible(rung=Rung.HOST, name="Racks", found_by=FoundBy.RDAP)
    given = {
        "number": 1, "to": party, "channel": None, "regimes": (), "filer": Filer.HELPLINE, "language": "en",
        "subject": "", "text": "", "reference": "", "lacks": (), "drafted_at": NOW,
        "due": DueBy(NOW, RegimeId("eu-dsa"), SetBy.HOUSE, "48 hours", "https://law.example", verified=True),
    }  # fmt: skip
    return Request(**{**given, **more})  # type: ignore[arg-type] # named


def test_a_clock_is_kept_missed_or_runs() -> None:
    """Removed in time is kept; late, or after it ran out, is missed; a refusal in time ended it without removal."""
    late = NOW + timedelta(minutes=1)
    assert story.clock(_request(due=None)) == "none"
    assert story.clock(_request()) == "running"
    assert story.clock(_request(outcome=Outcome.REMOVED, settled_at=NOW)) == "kept"
    assert story.clock(_request(outcome=Outcome.REFUSED, settled_at=NOW)) == "ended"
    assert story.clock(_request(outcome=Outcome.REMOVED, settled_at=late)) == "missed"
    assert story.clock(_request(lapsed_at=late)) == "missed"


def test_a_request_without_a_term_says_so() -> None:
    """Where no law and no rule of ours sets a term, the story says that none is set."""
    world = Evidence()
    world.everything()
    known = _read(world)
    owner, opening = next(each for each in known.openings if each[1].written.name == "request.sent")
    event = replace(opening.recorded.event, due=None)
    made = replace(opening, recorded=replace(opening.recorded, event=event))
    [line] = story.lines(replace(known, openings=[(owner, made)]), "en")[0]
    assert line.says.endswith("was sent. No term is set for it.")


def test_who_did_something_is_named_by_a_pseudonym() -> None:
    """Staff and programs by their ids, the rest in words."""
    assert story.actor("staff:ada", "en") == "staff member ada"
    assert story.actor("key:desk", "en") == "program “desk”"
    assert story.actor("person", "en") == "the person or who acts for them"
    assert story.actor("somebody:else", "en") == "somebody:else"


def test_requests_and_links_are_summed_up(known: Known) -> None:
    """Each link with who reported it, each request with its law, its term, and what became of it."""
    found = story.summary(known)
    links, requests = found["links"], found["requests"]
    assert isinstance(links, list)
    assert isinstance(requests, list)
    assert [(each["url"], each["by"]) for each in links] == [
        ("https://www.copies.example/1", "person"),
        ("https://www.copies.example/2", "person"),
    ]
    host, _, visa = requests
    assert (host["to"], host["as"], host["found_by"], host["term"], host["outcome"]) == (
        "Racks GmbH", "host", "rdap", "missed", "removed",
    )  # fmt: skip
    assert host["due_at"] > host["sent_at"]
    assert (visa["state"], visa["lapsed_at"]) == ("settled", None)
