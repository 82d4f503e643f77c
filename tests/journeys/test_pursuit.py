# SPDX-License-Identifier: Apache-2.0
"""A helpline pursues the links of a case, over the API and on the command line: real mail, made-up registries."""

import email
import json
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from noli.app import App, load_config
from noli.cli import main
from noli.web.html.languages import catalogue
from noli.web.pages.told import words
from tests.support.helpline import Outside, open_case, outside, work_off
from tests.support.platform import Platform

DECLARED = ["statement", "good-faith", "accuracy"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """Name server, registry, mail server and mailbox."""
    with outside(tmp_path_factory.mktemp("outside")) as started:
        yield started


def _answer(world: Outside, text: str, *, to: bytes) -> None:
    sent = email.message_from_bytes(to, policy=default)
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Abuse desk <{sent['To']}>", str(sent["From"])
    mail["Subject"], mail["In-Reply-To"] = f"Re: {sent['Subject']}", str(sent["Message-ID"])
    mail["Message-ID"] = f"<answer-{len(world.sink.mails)}@racks.example>"
    mail.set_content(text)
    world.box.receive(mail)


def _told(platform: Platform, case: Any, language: str) -> list[str]:
    timeline = platform.app.case_files.load(case).timeline
    gettext = catalogue(language).gettext
    return [words(line, gettext) for line in timeline if line.key.startswith("request.")]


def test_from_a_link_to_its_removal_up_the_ladder(tmp_path: Path, world: Outside) -> None:
    """Host asked, silent for two days; registrar asked; its answer lands on the case; the person saw each step."""
    with Platform(tmp_path, **world.settings) as platform:
        case = open_case(platform.app)
        [pursuit] = platform.post(f"/cases/{case}/pursuits", {}, expect=200)["pursuits"]
        path = f"/pursuits/{pursuit['pursuit']}"
        asked = {party["rung"]: party for party in reversed(pursuit["parties"])}
        assert asked["host"]["channels"][0]["address"] == "abuse@racks.example"
        assert asked["registrar"]["channels"][0]["address"] == "abuse@names.example"
        assert asked["host"]["verified"]
        assert not asked["site"]["verified"]

        us = {"rung": "site", "regimes": ["us-take-it-down"]}
        lacking = platform.post(f"{path}/requests", us, expect=200)["requests"][-1]
        assert [lack["field"] for lack in lacking["lacks"]] == ["statement", "good-faith"]
        assert "did not agree" in lacking["lacks"][0]["ask"]["en"]
        platform.post(f"{path}/requests/1/send", {}, expect=409)
        platform.post(f"{path}/requests/1/drop", expect=200)

        whole = {"rung": "host", "declared": DECLARED}
        drafted = platform.post(f"{path}/requests", whole, expect=200)["requests"][-1]
        platform.post(f"{path}/requests/2/send", {}, expect=200)
        work_off(platform.app)
        sent = platform.get(path)["requests"][-1]
        assert (sent["state"], sent["due"]["verified"]) == ("sent", True)
        [mail] = world.sink.contents
        assert b"DKIM-Signature" in mail
        assert drafted["reference"].encode() in mail

        platform.clock.move(hours=49)
        work_off(platform.app)
        climbed = platform.get(path)
        lapsed, registrar = climbed["requests"][-2:]
        assert (lapsed["state"], registrar["state"], registrar["rung"]) == ("lapsed", "drafted", "registrar")
        assert "Racks GmbH on 26 November 2026" in registrar["text"]
        assert climbed["state"] == "waiting"
        platform.post(f"{path}/requests/3/send", {}, expect=200)
        work_off(platform.app)
        assert email.message_from_bytes(world.sink.contents[-1])["To"] == "abuse@names.example"

        _answer(world, "The domain is suspended.\n", to=world.sink.contents[-1])
        platform.clock.move(minutes=2)
        work_off(platform.app)
        answered = platform.get(path)["requests"][-1]
        assert (answered["state"], answered["replies"][0]["text"]) == ("answered", "The domain is suspended.")
        assert answered["replies"][0]["expected"]
        platform.post(f"{path}/requests/3/read", expect=200)
        platform.post(f"{path}/requests/3/outcome", {"outcome": "removed"}, expect=200)
        assert [each["state"] for each in platform.get("/pursuits")["pursuits"]] == ["done"]

        assert len(_told(platform, case, "en")) == 6
        assert _told(platform, case, "en")[0] == "We asked Racks GmbH (the hosting provider) to act on your links."
        assert "Names Ltd (wo der Name registriert ist) hat geantwortet." in " ".join(_told(platform, case, "de"))
        assert platform.app.ledger.verify().flaws == ()


def test_what_does_not_exist_is_answered_as_that(tmp_path: Path, world: Outside) -> None:
    """Unknown cases, pursuits, requests and addressees are 404s, whatever is asked; wishes that cannot be are 400s."""
    with Platform(tmp_path, **world.settings) as platform:
        platform.post("/cases/none/pursuits", {}, expect=404)
        platform.get("/pursuits/none", expect=404)
        case = open_case(platform.app)
        [pursuit] = platform.post(f"/cases/{case}/pursuits", {}, expect=200)["pursuits"]
        path = f"/pursuits/{pursuit['pursuit']}"
        for number in ("7", "x"):
            platform.post(f"{path}/requests/{number}/send", {"by_hand": True}, expect=404)
        platform.post(f"{path}/parties", {"rung": "cdn", "addressee": "nobody"}, expect=404)
        named = platform.post(f"{path}/parties", {"rung": "payment", "addressee": "visa"}, expect=200)
        assert named["parties"][-1]["name"] == "Visa"
        platform.post(f"{path}/requests", {"rung": "host", "language": "xx"}, expect=400)
        platform.post(f"{path}/look-up", expect=200)
        book = platform.get("/addressees")["addressees"]
        assert {"cloudflare", "google-search"} <= {each["addressee"] for each in book}
        platform.post(f"{path}/requests", {"rung": "search", "name": "bing", "declared": DECLARED}, expect=200)
        by_hand = platform.post(f"{path}/requests/1/send", {"by_hand": True}, expect=200)
        assert by_hand["requests"][0]["state"] == "sent"


def test_a_call_that_was_lost_can_be_sent_again(tmp_path: Path, world: Outside) -> None:
    """With the same key nothing is asked, drafted or sent twice; the answer is the pursuit as it is by then."""
    with Platform(tmp_path, **world.settings) as platform:

        def post(path: str, body: Any, key: str, *, expect: int = 200) -> Any:
            return platform.post(path, body, expect=expect, headers={"Idempotency-Key": key})

        case = open_case(platform.app)
        [pursuit] = post(f"/cases/{case}/pursuits", {}, "open")["pursuits"]
        assert post(f"/cases/{case}/pursuits", {}, "open")["pursuits"] == [pursuit]
        path = f"/pursuits/{pursuit['pursuit']}"
        looked_up = post(f"{path}/look-up", {}, "look-up")["looked_up_at"]
        platform.clock.move(hours=1)
        assert post(f"{path}/look-up", {}, "look-up")["looked_up_at"] == looked_up
        whole = {"rung": "host", "declared": DECLARED}
        post(f"{path}/requests", whole, "draft")
        assert len(post(f"{path}/requests", whole, "draft")["requests"]) == 1
        post(f"{path}/requests", {**whole, "rung": "registrar"}, "draft", expect=409)
        post(f"{path}/requests/1/send", {"by_hand": True}, "send")
        again = post(f"{path}/requests/1/send", {"by_hand": True}, "send")["requests"][0]
        assert again["state"] == "sent"
        post(f"{path}/requests/1/send", {"by_hand": True}, "other", expect=409)
        # What is kept for a repeat does not say where copies are.
        with platform.app.database.engine.connect() as connection:
            responses = connection.exec_driver_sql("SELECT response FROM idempotency").scalars().all()
        assert {bytes(each) for each in responses} == {f'["{pursuit["pursuit"]}"]'.encode()}


# --- on the command line -----------------------------------------------------------------------------------------


def _run(data: Path, *arguments: object) -> Result:
    given = [*(str(each) for each in arguments), "--data", str(data)]
    return CliRunner().invoke(main, given, catch_exceptions=False)


def _ok(data: Path, *arguments: object) -> str:
    done = _run(data, *arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def data(tmp_path: Path, world: Outside, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty installation that talks to that world."""
    for name, value in world.settings.items():
        monkeypatch.setenv(f"NOLI_{name.upper()}", str(value))
    return _made(tmp_path / "data")


def _made(folder: Path) -> Path:
    """Make an empty installation; what only looks makes none."""
    App.open(load_config({"data": folder})).close()
    return folder


def _case(data: Path) -> str:
    app = App.open(load_config({"data": data}))
    app.indexes.load(app.store)
    case = open_case(app)
    app.close()
    return case


def test_links_and_who_is_responsible_are_listed_on_the_command_line(data: Path) -> None:
    """Empty lists say so; a case shows its links, a pursuit everybody who can be asked, the book whom it has."""
    assert "nothing here" in _run(data, "case", "list").stderr
    assert "nothing here" in _run(data, "pursuit", "list").stderr
    case = _case(data)
    assert case in _ok(data, "case", "list")
    assert json.loads(_ok(data, "case", "list", "--json"))["links"] == 2
    shown = _ok(data, "pursuit", "open", case, "--content", "authentic")
    assert "host       Racks GmbH: abuse@racks.example\n" in shown
    assert "(unverified)" in shown
    assert "https://www.copies.example/1" in _ok(data, "case", "show", case)
    listed = json.loads(_ok(data, "pursuit", "list", "--json"))
    pursuit = listed["id"]
    assert [each["url"] for each in json.loads(_ok(data, "case", "show", case, "--json"))["links"]][1].endswith("/2")
    assert pursuit in _ok(data, "pursuit", "list", "--state", "open")
    assert "cloudflare" in _ok(data, "pursuit", "book", "cloudflare")
    assert json.loads(_ok(data, "pursuit", "book", "visa", "--json"))["verified"] is False
    assert _ok(data, "mail", "key").startswith("noli._domainkey.helpline.example. IN TXT")


def test_requests_are_sent_on_the_command_line(tmp_path: Path, data: Path, world: Outside) -> None:
    """What is lacking is asked for in plain words; mail and forms go out, an answer is read, a refusal leads on."""
    pursuit = json.loads(_ok(data, "pursuit", "open", _case(data), "--json"))["pursuit"]
    law = ("--law", "us-take-it-down")
    lacking = _run(data, "pursuit", "draft", pursuit, "site", *law)
    assert "Lacks statement: Please confirm" in lacking.stderr
    assert "48 hours" in lacking.stdout
    assert _run(data, "pursuit", "draft", pursuit, "site", "--declare", "colour").exit_code == 2
    declared = [part for each in DECLARED for part in ("--declare", each)]
    own = ("--field", "reasons=Because of section 201a.", "--language", "de")
    drafted = json.loads(_ok(data, "pursuit", "draft", pursuit, "host", *declared, *own, "--json"))
    assert "Because of section 201a." in drafted["requests"][-1]["text"]
    assert "is queued" in _ok(data, "pursuit", "send", pursuit, 2)
    _ok(data, "pursuit", "drop", pursuit, 1)
    _ok(data, "pursuit", "name", pursuit, "payment", "--addressee", "mastercard")
    _ok(data, "pursuit", "draft", pursuit, "payment", *declared)
    assert "is sent" in _ok(data, "pursuit", "send", pursuit, 3, "--by-hand")
    text = tmp_path / "more.txt"
    text.write_text("Please answer.")
    _ok(data, "pursuit", "draft", pursuit, "registrar", *declared)
    _ok(data, "pursuit", "send", pursuit, 4, "--text", text)

    running = App.open(load_config({"data": data}))
    before = len(world.sink.mails)
    work_off(running)
    running.close()
    assert len(world.sink.mails) == before + 2
    assert b"Please answer." in world.sink.contents[-1] + world.sink.contents[-2]
    host = next(mail for mail in world.sink.contents[before:] if b"abuse@racks.example" in mail)
    _answer(world, "No.\n", to=host)
    assert "taken in" in _ok(data, "mail", "read")
    shown = _ok(data, "pursuit", "show", pursuit)
    assert "answer of" in shown
    assert "         No." in shown
    assert "next: registrar" not in _ok(data, "pursuit", "settle", pursuit, 3, "refused")
    assert "next: search" in _ok(data, "pursuit", "settle", pursuit, 2, "refused")
    assert "next     search" in _ok(data, "pursuit", "look-up", pursuit)
    assert json.loads(_ok(data, "pursuit", "show", pursuit, "--json"))["proposed"] == "search"


def test_mail_without_settings_says_which_is_missing(tmp_path: Path) -> None:
    """Neither key nor mailbox is guessed."""
    _made(tmp_path)
    assert "mail_from" in _run(tmp_path, "mail", "key").stderr
    assert "imap_url" in _run(tmp_path, "mail", "read").stderr


def test_a_mail_server_without_our_own_address_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests come from somewhere, or not at all."""
    _made(tmp_path)
    monkeypatch.setenv("NOLI_SMTP_URL", "smtps://mail.example")
    assert "mail_from" in _run(tmp_path, "pursuit", "list").stderr
