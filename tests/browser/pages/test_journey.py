# SPDX-License-Identifier: Apache-2.0
"""The whole way, in Chromium: protect a picture that never leaves the browser, come back, take everything back."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.support.browser import Visitor, drawn_file, photo_file
from tests.support.server import Server, eventually
from tests.support.shared import SHARED

_LOCALES = {"en": "en-GB", "de": "de-DE"}


def _copies(path: Path) -> dict[str, bytes]:
    """Return what people make of a picture before they upload it again."""
    picture = Image.open(path).convert("RGB")
    width, height = picture.size
    inset = picture.crop((width // 50, height // 50, width - width // 50, height - height // 50))
    made = {
        "the file itself": picture,
        "resized": picture.resize((width // 3, height // 3)),
        "mirrored": picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "lightly cropped": inset,
    }
    files = {}
    for name, copy in made.items():
        file = io.BytesIO()
        copy.thumbnail((1600, 1600))
        copy.save(file, "JPEG", quality=70)
        files[name] = file.getvalue()
    return files


def _decisions(server: Server, key: dict[str, str], copies: dict[str, bytes]) -> dict[str, str]:
    answers = {}
    for name, content in copies.items():
        answer = server.client.post("/api/v1/checks", headers=key, files={"file": (name, content, "image/jpeg")})
        assert answer.status_code == 200, answer.text
        answers[name] = str(answer.json()["decision"])
    return answers


def _holds_pieces_of(body: bytes, file: bytes) -> bool:
    """Say whether 24 bytes in a row of a file are in a body: as they are, in hexadecimal digits, or in base 64."""
    for at in range(0, len(file) - 24, 3001):
        piece = file[at : at + 24]
        if len(set(piece)) > 8 and (piece in body or piece.hex().encode() in body or base64.b64encode(piece) in body):
            return True
    return False


@pytest.fixture(scope="module")
def platform(intake: Server) -> dict[str, str]:
    return intake.key("platform", "checks")


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_picture_is_protected_and_taken_back(
    language: str, visit: Callable[..., Visitor], intake: Server, platform: dict[str, str], tmp_path: Path
) -> None:
    """A person protects a photo; altered copies are held; after the withdrawal they are let through."""
    photo = photo_file(tmp_path)
    person = visit(locale=_LOCALES[language])
    person.to_files()
    person.choose(photo)
    person.page.locator("[data-label]").fill("the garden")
    person.to_send(recovery="code", consents=("here", "helplines"))
    person.page.locator("#exact summary").click()
    person.page.locator("#body:not(:empty)").wait_for()
    shown = str(person.page.locator("#body").text_content())
    number, words, code = person.send()

    # Only one message was sent, exactly the one that was shown, and nothing of the file is in it.
    sent = person.bodies()
    assert [path for path, _ in sent] == ["/go/send"]
    assert sent[0][1].decode() == shown
    message = json.loads(sent[0][1])
    assert set(message) == {
        "age", "situation", "language", "reporter", "representative", "items", "links", "consents", "contact",
        "narrative", "recovery", "delay", "token", "proof",
    }  # fmt: skip
    assert message["language"] == language
    assert set(message["items"][0]) == {"kind", "label", "hashes"}
    assert all(len(value) == 64 for value, *_ in message["items"][0]["hashes"])
    assert photo.name not in shown
    content = photo.read_bytes()
    assert not any(_holds_pieces_of(body, content) for _, body in sent)
    assert person.elsewhere == []
    assert len(words.split()) == 6
    assert len(code) == 29

    copies = _copies(photo)
    assert _decisions(intake, platform, copies) == dict.fromkeys(copies, "review")

    person.page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number, words)
    assert "the garden" in person.page.locator("main").inner_text()
    person.page.locator("a[href^='/status/end']").click()
    person.page.locator("#erase-yes").check()
    person.page.locator("button.grave").click()
    person.page.wait_for_url("**/status?*")
    one = {"resized": copies["resized"]}
    eventually(lambda: _decisions(intake, platform, one) == {"resized": "allow"})
    assert _decisions(intake, platform, copies) == dict.fromkeys(copies, "allow")
    assert [each for each in person.complaints if "Failed to load" not in each] == []


def test_a_video_is_protected(visit: Callable[..., Visitor]) -> None:
    """A video goes as hashes with their times, and counts as one item of the case."""
    videos = sorted((SHARED / "data" / "videos").glob("*.mp4"))
    if not videos:
        pytest.skip("There is no video in the shared data.")
    smallest = min(videos, key=lambda path: path.stat().st_size)
    person = visit()
    person.to_files()
    person.choose(smallest)
    if person.page.locator("[data-state].error").count():
        pytest.skip("This Chromium cannot decode the video.")
    person.to_send()
    person.send()
    ((_, body),) = person.bodies()
    item = json.loads(body)["items"][0]
    assert item["kind"] == "video"
    times = [at for *_, at in item["hashes"]]
    assert times == sorted(times)
    assert not _holds_pieces_of(body, smallest.read_bytes())


def test_everything_that_a_person_can_do(visit: Callable[..., Visitor], tmp_path: Path) -> None:  # noqa: PLR0915 - one journey
    """Coming back, a person adds a picture and links, writes, changes contact and consents, and downloads it all."""
    person = visit()
    person.open("/go")
    person.answer("reporter", "depicted-person")
    person.answer("age", "adult")
    person.answer("situation", "threat")
    person.to_send(delay="after-72-hours", recovery="code", consents=("helplines",))
    number, words, code = person.send()
    person.page.once("dialog", lambda dialog: dialog.accept())
    person.come_back(number.lower().replace("-", " "), words.upper())
    page = person.page

    page.locator("a[href='/status/add']").click()
    assert not page.locator("[data-picker]").is_visible()
    page.check("#age-unsure")
    assert not page.locator("[data-picker]").is_visible()
    assert page.locator("[data-onward] a").get_attribute("href") == "/other-help"
    page.check("#age-adult")
    person.choose(drawn_file(tmp_path))
    page.locator("#add [data-send]").click()
    page.wait_for_url("**/status?s=1")
    assert "1 picture or video is protected." in page.locator("main").inner_text()

    person.open("/status/add")
    page.fill("#links", "https://example.org/one\nhttps://example.org/two")
    page.locator("form[action='/status/links'] button").click()
    page.fill("#text", "Is anybody there?")
    page.locator("form[action='/status/message'] button").click()
    page.locator("a[href='/status/details']").click()
    page.fill("#contact", "me@example.org")
    page.locator("form[action='/status/contact'] button").click()
    page.locator("a[href='/status/details']").click()
    page.locator("#consent-helplines").uncheck()
    page.locator("#consent-partners").check()
    page.locator("form[action='/status/consent'] button").click()
    shown = page.locator("main").inner_text()
    assert "https://example.org/two" in shown
    assert "Is anybody there?" in shown
    assert "You took back your yes to: reading by partner helplines." in shown

    with page.expect_download() as download:
        page.locator("a[download]").click()
    content = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert download.value.suggested_filename == "overview.json"
    assert (content["number"], content["contact"], len(content["links"])) == (number, "me@example.org", 2)

    # Somebody asks for everything to be taken back; the person sees it and stops it.
    page.locator("a[href='/status/end']").click()
    page.locator("#erase-no").check()
    page.locator("button.grave").click()
    assert "A withdrawal waits" in page.locator("main").inner_text()
    page.locator("form[action='/status/keep'] button").click()
    assert "A withdrawal waits" not in page.locator("main").inner_text()

    page.locator("form[action='/status/out'] button").click()
    page.wait_for_url("**/")
    person.open("/status")
    assert person.title() == "You are logged out"

    person.open("/renew")
    page.fill("#code", code)
    page.locator("main form button").click()
    renewed, new_words, _ = person.receipt()
    assert renewed == number
    assert new_words != words
    person.come_back(number, words)
    assert "do not belong together" in page.locator("main").inner_text()
    person.come_back(number, new_words)
    assert person.title() == "Your case"
