# SPDX-License-Identifier: Apache-2.0
"""Pages over HTTP: which parts are served, errors as pages or documents, bounds, headers."""

import re
from collections.abc import Iterator

import pytest

from noli.casework.limits import MAX_ITEMS_AT_ONCE, max_body_bytes
from noli.web.html import assets
from tests.support.server import Server

_BROWSER = {"accept": "text/html,application/xhtml+xml"}
_CHEAP = {"proof_of_work_bits": 4, "password_memory_mib": 8}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("pages"), "", submissions_per_hour=3, country="AU", **_CHEAP)
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("parts", "served", "missing"),
    [
        ("api", ["/", "/about", "/api/v1/openapi.json", "/healthz"], ["/go", "/return", "/status"]),
        ("intake", ["/", "/go", "/return", "/healthz"], ["/api/v1/openapi.json", "/api/v1/checks"]),
    ],
)
def test_only_the_parts_that_are_on_are_served(
    parts: str, served: list[str], missing: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A platform serves no intake, a host of the intake no interface for platforms; both tell whether they live."""
    running = Server(tmp_path_factory.mktemp(parts), "", parts=parts, **_CHEAP)
    try:
        assert [path for path in served if running.client.get(path).status_code != 200] == []
        assert [path for path in missing if running.client.get(path).status_code != 404] == []
        assert ("API" in running.client.get("/").text) is (parts == "api")
    finally:
        running.stop()


def test_errors_are_pages_for_people_and_documents_for_programs(server: Server) -> None:
    """A browser gets words in its language, a program a problem document, with the same status."""
    get, post = server.client.get, server.client.post
    page = get("/nothing", headers={**_BROWSER, "accept-language": "de"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Hier ist nichts" in page.text
    assert get("/nothing").json()["code"] == "not-found"
    assert get("/api/v1/checks", headers=_BROWSER).json()["code"] == "unauthenticated"
    assert "logged out" in get("/status").text
    assert get("/status").status_code == 401
    assert post("/status/items", json={"csrf": "", "age": "adult", "items": []}).json()["code"] == "forbidden"
    assert post("/go").status_code == 415
    assert "could not be used" in post("/go", content=b"%ff=1&" * 200, headers=_FORM).text
    assert server.client.put("/go").status_code == 405


_FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_no_file_is_taken(server: Server) -> None:
    """Neither a file, nor a form with one, nor a body larger than all hashes need is read."""
    post = server.client.post
    assert post("/go/send", files={"file": b"\xff\xd8\xff" * 99}).status_code == 415
    assert post("/go/send", content=b"\xff\xd8", headers={"content-type": "image/jpeg"}).status_code == 415
    assert post("/go", files={"links": b"\xff\xd8\xff" * 99}).status_code == 415
    assert post("/go", content=b"links=" + b"x" * 65_536, headers=_FORM).status_code == 413
    large = b'{"age":"' + b"x" * max_body_bytes(MAX_ITEMS_AT_ONCE, MAX_ITEMS_AT_ONCE)
    assert post("/go/send", content=large, headers={"content-type": "application/json"}).status_code == 413
    # Room for one picture does not come without one.
    message = {
        "age": "adult",
        "situation": "threat",
        "language": "en",
        "reporter": "depicted-person",
        "token": "x",
        "proof": "x",
    }
    assert post("/go/send", json={**message, "items": [], "narrative": "x" * 65_536}).status_code == 413


def test_under_18_is_refused_by_the_server_too(server: Server) -> None:
    """A made-up message that says under 18 opens no case."""
    challenge = server.client.get("/go/challenge").json()
    assert challenge["bits"] == 4
    message = {
        "age": "under-18",
        "situation": "threat",
        "language": "en",
        "reporter": "depicted-person",
        "token": "A" * 43,
        "proof": "x",
    }
    refused = server.client.post("/go/send", json=message)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid-input")
    assert "Nothing was stored" in refused.json()["detail"]


def test_who_consents_is_told_what_is_kept(server: Server) -> None:
    """In plain words: which fingerprints there will be, and what there will not be."""
    page = server.client.get("/go").text
    consent = page[page.index('id="title-consent"') : page.index('id="title-send"')]
    for said in ("fingerprints of the whole", "turned, mirrored, and cut", "no picture", "nothing about single parts"):
        assert said in consent


def test_the_last_form_cannot_be_made_up(server: Server) -> None:
    """Without script, answers that are missing or made up lead back to their question; no case is opened."""

    def asked(**fields: str) -> str:
        answer = server.client.post("/go", data={"step": "send", **fields})
        assert answer.status_code == 200
        shown = re.search(r'<section data-step="(\w+)" aria-labelledby="title-\w+">', answer.text)
        assert shown is not None
        return shown[1]

    adult = {"reporter": "depicted-person", "age": "adult"}
    assert asked() == "who"
    assert asked(reporter="friend") == "who"
    assert asked(reporter="depicted-person") == "age"
    assert asked(**adult) == "have"
    assert asked(**adult, situation="files", delay="at-once", recovery="none") == "files"
    assert asked(**adult, situation="links", links="nothing") == "links"
    assert asked(**adult, situation="links", links="https://x.example\n" * 51) == "links"
    assert asked(**adult, situation="threat", delay="never") == "delay"
    assert server.client.post("/go", data={"step": "nonsense", "age": "adult"}).status_code == 200
    assert server.client.post("/go", data={"back": "threat"}).status_code == 200


def test_a_flood_without_script_has_to_wait(server: Server) -> None:
    """After so many submissions from one network a page asks to wait, and says how long."""
    fields = {
        "step": "send",
        "reporter": "depicted-person",
        "age": "adult",
        "situation": "threat",
        "delay": "at-once",
        "recovery": "none",
    }
    tokens = [f"{number}" * 42 + "A" for number in range(4)]
    answers = [server.client.post("/go", data={**fields, "token": token}) for token in tokens]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert "try again in" in answers[-1].text
    assert server.client.post("/go", data={**fields, "token": "nonsense"}).status_code == 400


def test_helplines_follow_the_country(server: Server) -> None:
    """The chosen country wins over the browser's, the browser's over the operator's."""
    get = server.client.get
    assert "eSafety" in get("/help").text
    assert "116 016" in get("/help", headers={"accept-language": "de-DE"}).text
    assert "0345 6000 459" in get("/help?c=GB", headers={"accept-language": "de-DE"}).text
    assert "eSafety" not in get("/help?c=").text
    for path in ("/", "/help"):
        assert '<a href="tel:112">112</a> (European Union)' in get(path).text
        assert '<a href="tel:110">110</a> (Deutschland)' in get(path, headers={"accept-language": "de-DE"}).text


def test_scripts_name_their_content_and_may_be_kept(server: Server) -> None:
    """Scripts are kept by the browser under an address of their own content; there is none of another name."""
    script = server.client.get(assets.address("hash/worker.js"))
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in script.headers["cache-control"]
    assert "trusted-types noli-worker" in script.headers["content-security-policy"]
    assert server.client.get(assets.address("hash/pdq.wasm")).headers["content-type"] == "application/wasm"
    for path in ("/static/../../pyproject.toml", f"/static/{assets.version()}/nothing.js", "/static/old/noli.css"):
        assert server.client.get(path).status_code == 404
    used = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', server.client.get("/go").text))
    assert used
    assert all(server.client.get(path).status_code == 200 for path in used)
