# SPDX-License-Identifier: Apache-2.0
"""Callers of Meta's HMA 1.1 point at Noli: its requests get its answers, from a real server.

The pairs are those of HMA's own interface; what Noli does otherwise on purpose has tests of its own below.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from noli.access.model import Scope
from noli.app import App
from noli.base.config import Config
from noli.exchange.model import NewPartner, PartnerState, Protocol, Source
from tests.support import clips
from tests.support.media import drawn, encoded
from tests.support.server import Server, make_bank

_HEX = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"


def _made_up(name: str) -> str:
    """A hash like that of a picture, far from all others."""
    return hashlib.sha256(name.encode()).hexdigest()


def _flipped(value: str, bits: int) -> str:
    return f"{int(value, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server on SQLite for all of them."""
    started = Server(tmp_path_factory.mktemp("installation"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def key(server: Server) -> dict[str, str]:
    """A caller that an operator trusts with distances."""
    return server.key("hma", "checks,banks,distances")


@pytest.fixture(scope="module")
def hma(server: Server, key: dict[str, str]) -> Iterator[httpx.Client]:
    """An HMA caller after its change of URL and header."""
    with httpx.Client(base_url=f"{server.client.base_url}/hma", headers=key, timeout=30) as client:
        yield client


def _bank(hma: httpx.Client, name: str) -> str:
    made = hma.post("/c/banks", json={"name": name})
    assert (made.status_code, made.json()) == (201, {"name": name, "matching_enabled_ratio": 1.0})
    return name


def _banked(hma: httpx.Client, bank: str, value: str) -> int:
    made = hma.post(f"/c/bank/{bank}/signal", json={"pdq": value, "note": "one"})
    assert made.status_code == 200, made.text
    assert made.json()["signals"] == {"pdq": value}
    return int(made.json()["id"])


def _photo(seed: int) -> dict[str, tuple[str, bytes, str]]:
    return {"photo": ("a.png", encoded(drawn(seed=seed), "PNG"), "image/png")}


def _lookup(hma: httpx.Client, value: str, **query: Any) -> Any:
    found = hma.get("/m/lookup", params={"signal": value, "signal_type": "pdq", **query})
    assert found.status_code == 200, found.text
    return found.json()


def test_status_answers_in_the_words_callers_wait_for(server: Server) -> None:
    """The state is told without a key, as plain text."""
    for path in ("/hma/status", "/hma/status/live"):
        found = server.client.get(path)
        assert (found.status_code, found.text) == (200, "I-AM-ALIVE")


def test_a_banked_signal_is_looked_up_until_it_is_deleted(hma: httpx.Client) -> None:
    """Bank, signal, lookup by bank, raw lookup, deletion: at once in both lookups, and counted once."""
    bank = _bank(hma, "FLOW")
    content = _banked(hma, bank, _HEX)
    near = _flipped(_HEX, 4)
    [match] = _lookup(hma, near)[bank]
    assert (match["bank_content_id"], match["distance"]) == (content, "4")
    raw = {"signal": near, "signal_type": "pdq"}
    assert hma.get("/m/raw_lookup", params=raw).json() == {"matches": [content]}
    with_distance = hma.get("/m/raw_lookup", params={**raw, "include_distance": "True"}).json()
    assert [(m["bank_content_id"], m["distance"]) for m in with_distance["matches"]] == [(content, "4")]
    path = f"/c/bank/{bank}/content/{content}"
    shown = hma.get(path, params={"include_signals": "true"}).json()
    assert (shown["id"], shown["signals"], shown["bank"]["name"]) == (content, {"pdq": _HEX}, bank)
    assert "signals" not in hma.get(path).json()
    assert [hma.delete(path).json() for _ in range(2)] == [{"deleted": 1}, {"deleted": 0}]
    assert _lookup(hma, near) == {}
    assert hma.get("/m/raw_lookup", params=raw).json() == {"matches": []}
    assert hma.get(path).status_code == 404


def test_a_banked_picture_is_found_by_file_and_by_its_hash(hma: httpx.Client) -> None:
    """Content goes in by multipart under its type's name; hashing, then looking up, finds the same as the file does."""
    bank = _bank(hma, "PHOTOS")
    added = hma.post(
        f"/c/bank/{bank}/content", files=_photo(1), data={"content_id": "post-1", "metadata": '{"any": "thing"}'}
    )
    assert added.status_code == 200, added.text
    hashed = hma.post("/h/hash", files=_photo(1), params={"types": "pdq"}).json()
    assert added.json()["signals"] == hashed
    [by_file] = hma.post("/m/lookup", files=_photo(1)).json()["pdq"][bank]
    [by_hash] = _lookup(hma, hashed["pdq"])[bank]
    assert by_file["bank_content_id"] == by_hash["bank_content_id"] == added.json()["id"]
    assert hma.post("/m/lookup", files=_photo(2)).json() == {"pdq": {}}


def test_a_banked_video_is_found_by_file_and_by_its_signal(hma: httpx.Client, tmp_path: Path) -> None:
    """A clip goes in under its type's name; hashing it, then looking the signal up, finds it as the file does."""
    bank = _bank(hma, "VIDEOS")
    clip = clips.encoded(tmp_path / "clip.webm", clips.scenes(seconds=6))
    file = {"video": ("clip.webm", clip.read_bytes(), "video/webm")}
    added = hma.post(f"/c/bank/{bank}/content", files=file)
    assert added.status_code == 200, added.text
    hashed = hma.post("/h/hash", files=file).json()
    assert set(added.json()["signals"]) == set(hashed) == {"vpdq"}
    [by_file] = hma.post("/m/lookup", files=file).json()["vpdq"][bank]
    [by_signal] = _lookup(hma, hashed["vpdq"], signal_type="vpdq")[bank]
    assert by_file["bank_content_id"] == by_signal["bank_content_id"] == added.json()["id"]
    again = hma.post(f"/c/bank/{_bank(hma, 'VIDEOS_2')}/signal", json=hashed)
    assert (again.status_code, again.json()["signals"]) == (200, hashed)
    as_photo = hma.post("/m/lookup", files={"photo": file["video"]})
    assert (as_photo.status_code, "no photo" in as_photo.json()["message"]) == (422, True)


def test_lookups_can_be_narrowed_to_banks_and_name_the_content(
    server: Server, hma: httpx.Client, key: dict[str, str]
) -> None:
    """The list of banks is honoured; the seed, HMA's id of the content, is kept with the recorded check."""
    value = _made_up("narrow")
    for bank in ("NARROW_A", "NARROW_B"):
        _banked(hma, _bank(hma, bank), value)
    assert set(_lookup(hma, value, seed="post-77")) == {"NARROW_A", "NARROW_B"}
    assert set(_lookup(hma, value, banks="NARROW_B,NOT_THERE")) == {"NARROW_B"}
    raw = hma.get("/m/raw_lookup", params={"signal": value, "signal_type": "pdq", "banks": "NARROW_A"})
    assert len(raw.json()["matches"]) == 1
    recorded = server.client.get("/api/v1/checks", headers=key).json()["checks"]
    assert "post-77" in {each["content_ref"] for each in recorded}


def test_signals_are_compared(hma: httpx.Client) -> None:
    """Two of the caller's own hashes are compared as HMA does, up to its threshold of 31."""
    for bits, matched in ((4, True), (31, True), (32, False)):
        answer = hma.post("/m/compare", json={"pdq": [_HEX, _flipped(_HEX, bits)]})
        assert answer.json() == {"pdq": [matched, {"distance": bits}]}


def test_the_index_reports_its_size_and_age(hma: httpx.Client) -> None:
    """It is present, follows to this moment, and counts a new hash at once."""
    before = hma.get("/m/index/status").json()["pdq"]
    _banked(hma, _bank(hma, "COUNTED"), _made_up("counted"))
    after = hma.get("/m/index/status", params={"signal_type": "pdq"}).json()["pdq"]
    assert (after["present"], after["size"] - before["size"]) == (True, 1)
    assert after["built_to"] >= before["built_to"] > 1_700_000_000
    index = hma.get("/c/signal_type/index").json()
    assert set(index) == {"pdq", "vpdq"}
    assert index["pdq"]["db_size"] == index["pdq"]["index_size"] == after["size"]
    assert (index["pdq"]["index_out_of_date"], index["pdq"]["index_built_to"] >= after["built_to"]) == (False, True)
    assert set(hma.get("/c/signal_type/index", params={"signal_type": "pdq"}).json()) == {"pdq"}
    assert hma.get("/m/index/status", params={"signal_type": "clip"}).status_code == 400


@pytest.mark.parametrize("given", [{"enabled": False}, {"enabled_ratio": 0.0}, {"enabled_ratio": "0"}])
def test_banks_are_switched_off_and_on(hma: httpx.Client, given: dict[str, Any]) -> None:
    """A bank that is off matches nothing, at once; switching on again brings everything back."""
    name = f"SWITCH_{next(iter(given)).upper()}_{type(next(iter(given.values()))).__name__.upper()}"
    value = _made_up(name)
    _banked(hma, _bank(hma, name), value)
    assert hma.put(f"/c/bank/{name}", json=given).json() == {"name": name, "matching_enabled_ratio": 0.0}
    assert name not in _lookup(hma, value)
    assert {"name": name, "matching_enabled_ratio": 0.0} in hma.get("/c/banks").json()
    assert hma.put(f"/c/bank/{name}", json={"enabled": True}).json()["matching_enabled_ratio"] == 1.0
    assert name in _lookup(hma, value)
    assert hma.put(f"/c/bank/{name}", json={}).json()["matching_enabled_ratio"] == 1.0
    assert hma.delete(f"/c/bank/{name}").json() == {"message": "Done"}
    assert name not in _lookup(hma, value)


def test_a_deleted_bank_is_made_again_with_what_was_in_it(hma: httpx.Client) -> None:
    """Its name is given once, so whoever deletes and makes it anew has it back; one that is on is there already."""
    value = _made_up("again")
    _banked(hma, _bank(hma, "AGAIN"), value)
    assert hma.post("/c/banks", json={"name": "AGAIN"}).status_code == 403
    hma.delete("/c/bank/AGAIN")
    assert _lookup(hma, value) == {}
    _bank(hma, "AGAIN")
    assert set(_lookup(hma, value)) == {"AGAIN"}


def test_what_is_served_is_listed(hma: httpx.Client) -> None:
    """Signal and content types are those that have an answer here."""
    assert {each["name"] for each in hma.get("/c/signal_type").json()} == {"pdq", "vpdq"}
    assert {each["name"] for each in hma.get("/c/content_type").json() if each["enabled"]} == {"photo", "video"}


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/c/bank/NOT_THERE", {}, 404),
        ("DELETE", "/c/bank/NOT_THERE/content/1", {}, 404),
        ("POST", "/c/bank/NOT_THERE/signal", {"json": {"pdq": _HEX}}, 404),
        ("POST", "/c/banks", {"json": {"name": "TAKEN"}}, 403),
        ("POST", "/c/banks", {"json": {"name": "HALF", "enabled_ratio": 0.5}}, 400),
        ("POST", "/c/banks", {"json": {"name": "not a name"}}, 400),
        ("PUT", "/c/bank/TAKEN", {"json": {"name": "OTHER"}}, 400),
        ("POST", "/c/bank/TAKEN/signal", {"json": {"pdq": "00" * 32}}, 400),
        ("POST", "/c/bank/TAKEN/signal", {"json": {"video_md5": "00" * 16}}, 400),
        ("POST", "/c/bank/TAKEN/content", {}, 400),
        ("POST", "/c/bank/TAKEN/content", {"data": {"note": "n" * 256}, "files": _photo(1)}, 400),
        ("POST", "/c/bank/TAKEN/content", {"data": {"content_id": "n" * 300}, "files": _photo(1)}, 400),
        ("GET", "/m/lookup", {"params": {"signal": _HEX}}, 400),
        ("GET", "/m/lookup", {"params": {"signal": "xyz", "signal_type": "pdq"}}, 400),
        ("GET", "/m/lookup", {"params": {"signal": _HEX, "signal_type": "video_md5"}}, 400),
        ("POST", "/m/lookup", {"files": {"video": b"1"}}, 422),
        ("GET", "/m/lookup", {"params": {"signal": "[]", "signal_type": "vpdq"}}, 400),
        ("GET", "/m/lookup", {"params": {"signal": '["1,2"]', "signal_type": "vpdq"}}, 400),
        ("POST", "/c/bank/TAKEN/signal", {"json": {}}, 400),
        ("POST", "/m/lookup", {"data": {"photo_is_missing": "1"}, "files": {"other": b"1"}}, 400),
        ("POST", "/h/hash", {"files": _photo(1), "params": {"types": "video_md5"}}, 400),
        ("GET", "/h/hash", {}, 400),
        ("POST", "/c/bank/TAKEN/content", {"data": {"photo_is_missing": "1"}, "files": {"other": b"1"}}, 400),
        ("PUT", "/m/compare", {}, 405),
        ("GET", "/c/exchanges/api/none", {}, 400),
        ("GET", "/c/exchanges/api/none/schema", {}, 400),
        ("GET", "/c/signal_type/index", {"params": {"signal_type": "clip"}}, 400),
        ("GET", "/site-map", {"headers": {"Accept": "text/html"}}, 404),
        ("PUT", "/c/signal_type/pdq", {"json": {"enabled_ratio": 1}}, 404),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    hma: httpx.Client, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    """Errors have HMA's shape, and its status for a bank that exists."""
    hma.post("/c/banks", json={"name": "TAKEN"})
    answer = hma.request(method, path, **sent)
    assert answer.status_code == status, answer.text
    assert len(answer.json()["message"]) > 10


@pytest.mark.parametrize("method_path", ["GET /h/hash", "GET /m/lookup", "POST /m/lookup", "POST /c/bank/URLS/content"])
def test_no_url_is_fetched(hma: httpx.Client, server: Server, method_path: str) -> None:
    """A URL is refused with what to do instead, be it our own or one that redirects; HMA fetches any."""
    method, path = method_path.split()
    hma.post("/c/banks", json={"name": "URLS"})
    answer = hma.request(method, path, params={"url": f"{server.client.base_url}/healthz"})
    assert (answer.status_code, "fetches no URLs of this host" in answer.json()["message"]) == (400, True)


def test_a_picture_that_says_nothing_is_a_result(hma: httpx.Client) -> None:
    """A featureless picture has an empty hash and no match, where HMA answers as if the caller were wrong."""
    flat = {"photo": ("a.png", encoded(drawn().point(lambda _: 99), "PNG"), "image/png")}
    assert hma.post("/h/hash", files=flat).json() == {"pdq": ""}
    assert hma.post("/m/lookup", files=flat).json() == {"pdq": {}}
    hma.post("/c/banks", json={"name": "FLAT"})
    assert hma.post("/c/bank/FLAT/content", files=flat).status_code == 422


@pytest.mark.parametrize("path", ["/h/hash", "/m/lookup", "/c/bank/BROKEN/content"])
def test_a_broken_picture_is_neither_a_crash_nor_no_match(hma: httpx.Client, path: str) -> None:
    """Who sends half a file is told that it could not be read, where HMA answers 500."""
    hma.post("/c/banks", json={"name": "BROKEN"})
    whole = encoded(drawn(), "JPEG")
    answer = hma.post(path, files={"photo": ("a.jpg", whole[: len(whole) // 8], "image/jpeg")})
    assert answer.status_code == 422
    assert answer.json()["message"]


def test_content_is_reached_through_its_own_bank_alone(hma: httpx.Client) -> None:
    """A path through another bank neither shows nor deletes, as in HMA it does; Noli's spelling of an id works, too."""
    own, other = _bank(hma, "OWN"), _bank(hma, "OTHER")
    value = _made_up("own")
    content = _banked(hma, own, value)
    assert hma.get(f"/c/bank/{other}/content/{content}").status_code == 404
    assert hma.delete(f"/c/bank/{other}/content/{content}").json() == {"deleted": 0}
    assert hma.delete(f"/c/bank/{own}/content/not-an-id").json() == {"deleted": 0}
    [match] = _lookup(hma, value)[own]
    assert hma.get(f"/c/bank/{own}/content/{match['entry']}").json()["id"] == content


def test_negative_banks_clear_what_they_match(server: Server, hma: httpx.Client, key: dict[str, str]) -> None:
    """A caller takes every bank that is named for a hit, so what is cleared is not named; raw lookups keep it."""
    value = _made_up("cleared")
    _banked(hma, _bank(hma, "POSITIVE"), value)
    logs = make_bank(server, key, "LOGS", action="log")
    _banked(hma, logs, value)
    assert set(_lookup(hma, value)) == {"POSITIVE", logs}
    _banked(hma, make_bank(server, key, "HARMLESS", action="log", negative=True), value)
    assert _lookup(hma, value) == {}
    assert len(hma.get("/m/raw_lookup", params={"signal": value, "signal_type": "pdq"}).json()["matches"]) == 3


def test_distances_are_for_keys_with_that_scope(server: Server, hma: httpx.Client) -> None:
    """Without the scope a match is told with its closeness alone, and who asks for distances is refused."""
    value = _made_up("open")
    _banked(hma, _bank(hma, "OPEN"), value)
    plain = server.key("plain", "checks")
    asked = {"signal": value, "signal_type": "pdq"}
    found = server.client.get("/hma/m/lookup", params=asked, headers=plain).json()
    assert [set(match) for match in found["OPEN"]] == [{"bank_content_id", "entry", "closeness"}]
    refused = server.client.get("/hma/m/raw_lookup", params={**asked, "include_distance": "true"}, headers=plain)
    assert (refused.status_code, "distances" in refused.json()["message"]) == (403, True)


def test_a_key_comes_in_whatever_header_a_caller_can_set(server: Server, key: dict[str, str]) -> None:
    """Bearer, a password before the host, X-API-Key; without a key or with a wrong one nothing is told."""
    token = key["Authorization"].removeprefix("Bearer ")
    basic = base64.b64encode(f"coop:{token}".encode()).decode()
    for headers in (key, {"Authorization": f"Basic {basic}"}, {"X-API-Key": token}):
        assert server.client.get("/hma/c/banks", headers=headers).status_code == 200
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Basic !!"}, {"Authorization": "Basic " + "0" * 40}):
        refused = server.client.get("/hma/c/banks", headers=headers)
        assert (refused.status_code, set(refused.json())) == (401, {"message", "code"})
    assert "X-API-Key" in server.client.get("/hma/c/banks").json()["message"]
    checks_only = server.key("checks-only", "checks")
    assert server.client.get("/hma/c/banks", headers=checks_only).status_code == 403


def test_probing_is_noticed_here_too(server: Server, hma: httpx.Client) -> None:
    """Walking bit by bit along the border of a match is refused as on every other route."""
    value = _made_up("walked")
    _banked(hma, _bank(hma, "WALKED"), value)
    walker = server.key("walker", "checks")
    seen = [
        server.client.get(
            "/hma/m/lookup", params={"signal": _flipped(value, bits), "signal_type": "pdq"}, headers=walker
        ).status_code
        for bits in range(36)
    ]
    assert seen[0] == 200
    assert seen[-1] == 429


def test_partners_that_we_fetch_from_are_listed_as_exchanges(server: Server, hma: httpx.Client) -> None:
    """They are read as HMA's exchanges are, with how fetching goes; who only calls us is none, nor is a bank."""
    with closing(App.open(Config(data=server.data))) as app:
        source = Source("https://helpline.example/stopncii/v1")
        app.partners.add(NewPartner("helpline", Protocol.STOPNCII, source=source, secret="KEY,SECOND"))
        app.partners.add(NewPartner("caller"))
    assert hma.get("/c/exchanges").json() == ["helpline"]
    apis = hma.get("/c/exchanges/apis").json()
    assert {"stop_ncii", "ncmec", "fb_threatexchange"} < set(apis)
    for name in apis:
        said = hma.get(f"/c/exchanges/api/{name}").json()
        assert said == {"supports_authentification": name != "local_file", "has_set_authentification": False}
        schema = hma.get(f"/c/exchanges/api/{name}/schema").json()
        assert schema == {"config_schema": {"fields": []}, "credentials_schema": None}
    assert hma.get("/c/exchange/helpline").json() == {"name": "helpline", "api": "stop_ncii", "enabled": True}
    state = hma.get("/c/exchange/helpline/status").json()
    assert (state["fetched_items"], state["running_fetch_start_ts"]) == (0, None)
    assert [hma.get(f"/c/exchange/{name}").status_code for name in ("caller", "FLOW")] == [404, 404]
    assert hma.post("/c/exchanges", json={"bank": "A", "api": "stopncii"}).status_code == 405


def _partner(server: Server, name: str, protocol: Protocol, *shares: str, **more: Any) -> dict[str, str]:
    with closing(App.open(Config(data=server.data))) as app:
        _, keys = app.partners.add(NewPartner(name, protocol, shares=shares), **more)
    return {"X-API-Key": keys.token}


def test_a_partner_sees_only_what_is_shared_with_it(server: Server, hma: httpx.Client, key: dict[str, str]) -> None:
    """By lookups, by Noli's own checks and in what was recorded; its key reaches no bank, and HMA's needs no scopes."""
    value = _made_up("shared")
    for bank in ("SHARED", "OURS"):
        _banked(hma, _bank(hma, bank), value)
    partner = _partner(server, "platform", Protocol.HMA, "SHARED")
    asked = {"signal": value, "signal_type": "pdq"}

    def get(path: str, **query: str) -> httpx.Response:
        return server.client.get(path, headers=partner, params=query)

    assert set(get("/hma/m/lookup", **asked).json()) == {"SHARED"}
    assert get("/hma/m/lookup", **asked, banks="OURS").json() == {}
    assert len(get("/hma/m/raw_lookup", **asked).json()["matches"]) == 1
    assert get("/hma/m/index/status").json()["pdq"]["size"] == 1
    assert [get(path).status_code for path in ("/hma/c/banks", "/hma/c/signal_type/index")] == [403, 403]
    bearer = {"Authorization": "Bearer " + partner["X-API-Key"]}
    sent = {"hashes": [{"type": "pdq", "value": value}]}
    checked = server.client.post("/api/v1/checks", headers=bearer, json=sent).json()
    assert [match["bank"] for match in checked["matches"]] == ["SHARED"]
    others = server.client.post("/api/v1/checks", headers=key, json=sent).json()
    assert {match["bank"] for match in others["matches"]} == {"SHARED", "OURS"}
    listed = server.client.get("/api/v1/checks", headers=bearer).json()["checks"]
    assert {each["key"] for each in listed} == {"platform"}
    paths = {made["check_id"]: f"/api/v1/checks/{made['check_id']}" for made in (checked, others)}
    assert [server.client.get(path, headers=bearer).status_code for path in paths.values()] == [200, 404]
    assert server.client.get("/api/v1/banks", headers=bearer).status_code == 403


def test_a_suspended_partner_gets_nothing_on_any_route(server: Server) -> None:
    """Neither HMA's routes nor Noli's own answer its key until it is resumed."""
    partner = _partner(server, "paused", Protocol.ANY, scopes={Scope.CHECKS})
    with closing(App.open(Config(data=server.data))) as app:
        app.partners.set_state("paused", PartnerState.SUSPENDED)
    bearer = {"Authorization": "Bearer " + partner["X-API-Key"]}
    found = server.client.get("/hma/m/lookup", params={"signal": _HEX, "signal_type": "pdq"}, headers=partner)
    assert (found.status_code, "suspended" in found.json()["message"]) == (403, True)
    assert server.client.get("/api/v1/checks", headers=bearer).status_code == 403


class _Site(BaseHTTPRequestHandler):
    """Serves one picture; another address leads to it."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.png")
            self.end_headers()
            return
        self.send_response(200 if self.path == "/a.png" else 404)
        self.end_headers()
        self.wfile.write(encoded(drawn(seed=1), "PNG"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[int]:
    """A web server on this machine; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Site) as serving:
        threading.Thread(target=serving.serve_forever).start()
        yield int(serving.server_port)
        serving.shutdown()


def test_urls_are_fetched_where_the_operator_allows_it_and_never_inside(tmp_path: Path, site: int) -> None:
    """A named host is fetched from and gives what the file gives; no other inner address is, nor by a redirect."""
    server = Server(tmp_path, hma_url_hosts="localhost, 127.0.0.1,169.254.169.254", private_hosts="localhost")
    key = server.key("coop", "checks,banks")

    def asked(method: str, path: str, url: str) -> httpx.Response:
        return server.client.request(method, f"/hma{path}", headers=key, params={"url": url})

    good = f"http://localhost:{site}/a.png"
    hashed = asked("GET", "/h/hash", good).json()
    assert hashed == server.client.post("/hma/h/hash", headers=key, files=_photo(1)).json()
    server.client.post("/hma/c/banks", headers=key, json={"name": "URLS"})
    assert asked("POST", "/c/bank/URLS/content", good).json()["signals"] == hashed
    assert set(asked("GET", "/m/lookup", good).json()["pdq"]) == {"URLS"}
    for url, status in (
        (f"http://127.0.0.1:{site}/a.png", 403),
        (f"https://127.0.0.1:{site}/a.png", 403),
        ("https://169.254.169.254/latest", 403),
        (f"http://localhost:{site}/moved", 400),
        (f"http://localhost:{site}/none", 400),
        ("http://localhost:1/a.png", 400),
        ("file:///etc/passwd", 400),
        ("https://[::1", 400),
        ("https://elsewhere.example/a.png", 400),
    ):
        refused = asked("GET", "/h/hash", url)
        assert (refused.status_code, bool(refused.json()["message"])) == (status, True), url
    server.stop()
