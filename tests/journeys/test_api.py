# SPDX-License-Identifier: Apache-2.0
"""A platform's engineer meets the API: a real server process, a real database, drawn pictures."""

import io
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from noli.access.model import Scope
from noli.bank.model import EntryId, entry_text
from noli.web.api.operation import Kind
from noli.web.routes import API
from tests.support import clips, media
from tests.support.examples import example
from tests.support.media import drawn
from tests.support.regions import scene
from tests.support.server import Server, check_hex, eventually, make_bank, unmeasured

_HEX = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
_OTHER = "0123456789abcdef" * 4


def picture(*, seed: int = 1, kind: str = "PNG", flipped: bool = False, **options: Any) -> bytes:
    """Draw and encode a picture."""
    drawing = drawn(seed=seed)
    drawing = ImageOps.mirror(drawing) if flipped else drawing
    buffer = io.BytesIO()
    drawing.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server on SQLite for the tests that do not disturb each other."""
    started = Server(tmp_path_factory.mktemp("installation"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def staff(server: Server) -> dict[str, str]:
    """A key that may check and change banks."""
    return server.key("staff", "checks,banks")


def protect(server: Server, staff: dict[str, str], bank: str, file: bytes) -> dict[str, Any]:
    """Register a picture file."""
    made = server.client.post(f"/api/v1/banks/{bank}/entries", headers=staff, files={"file": file})
    assert made.status_code == 201, made.text
    entry: dict[str, Any] = made.json()
    return entry


def check(server: Server, staff: dict[str, str], file: bytes) -> dict[str, Any]:
    """Check a picture file."""
    made = server.client.post("/api/v1/checks", headers=staff, files={"file": file}, data={"content_ref": "post-1"})
    assert made.status_code == 200, made.text
    result: dict[str, Any] = made.json()
    return result


def test_a_free_crop_is_found_by_its_regions(server: Server, staff: dict[str, str]) -> None:
    """It asks for review with type region; a bank that keeps none forgets them, and no entry ever shows them.

    Such a bank is searched by a second look: a collage is found, not the crop.
    """
    bank = make_bank(server, staff, "robust")
    made = server.client.post(f"/api/v1/banks/{bank}/entries", headers=staff, files={"file": _scene()})
    assert made.status_code == 201
    assert "region" not in made.text
    crop = _scene((70, 40, 430, 330))
    found = check(server, staff, crop)
    assert (found["decision"], [match["type"] for match in found["matches"]]) == ("review", ["region"])
    assert found["matches"][0]["entry"] == made.json()["entry"]
    recorded = server.client.get(f"/api/v1/checks/{found['check_id']}", headers=staff).json()
    assert recorded["matches"] == found["matches"]
    assert check(server, staff, _scene())["matches"][0]["type"] == "pdq"
    changed = server.client.patch(f"/api/v1/banks/{bank}", headers=staff, json={"regions": "off"})
    assert (changed.status_code, changed.json()["regions"]) == (200, "off")
    assert check(server, staff, crop)["decision"] == "allow"
    collaged = check(server, staff, _collage())
    assert (collaged["decision"], [match["type"] for match in collaged["matches"]]) == ("review", ["second_look"])
    assert "second look" in collaged["reason"]
    recorded = server.client.get(f"/api/v1/checks/{collaged['check_id']}", headers=staff).json()
    assert recorded["matches"] == collaged["matches"]
    server.client.patch(f"/api/v1/banks/{bank}", headers=staff, json={"regions": "review"})
    assert check(server, staff, crop)["decision"] == "allow"


def _scene(part: tuple[int, int, int, int] | None = None) -> bytes:
    """Encode a drawn scene, or a part of it."""
    shown = Image.fromarray(scene(12))
    return media.encoded(shown if part is None else shown.crop(part), "JPEG")


def _collage() -> bytes:
    """Encode the scene with another one beside it."""
    sheet = Image.new("L", (960, 360))
    sheet.paste(Image.fromarray(scene(13)), (0, 0))
    sheet.paste(Image.fromarray(scene(12)), (480, 0))
    return media.encoded(sheet, "JPEG")


def test_a_protected_picture_is_blocked_until_it_is_withdrawn(server: Server, staff: dict[str, str]) -> None:
    """Edited and mirrored copies are blocked as soon as the entry is acknowledged, others allowed, and back again."""
    bank = make_bank(server, staff, "first")
    entry = protect(server, staff, bank, picture())
    assert len({one["variant"] for one in entry["hashes"]}) > 20
    edited = check(server, staff, picture(kind="JPEG", quality=40))
    assert edited["decision"] == "block"
    assert edited["matches"][0]["entry"] == entry["entry"]
    assert "distance" not in edited["matches"][0]
    assert check(server, staff, picture(flipped=True, kind="WEBP"))["decision"] == "block"
    assert check(server, staff, picture(seed=2))["decision"] == "allow"
    recorded = server.client.get(f"/api/v1/checks/{edited['check_id']}", headers=staff).json()
    assert (recorded["content_ref"], recorded["key"], recorded["decision"]) == ("post-1", "staff", "block")
    for _ in range(2):
        gone = server.client.delete(f"/api/v1/banks/{bank}/entries/{entry['entry']}", headers=staff)
        assert (gone.status_code, gone.json()["state"]) == (200, "withdrawn")
    assert check(server, staff, picture())["decision"] == "allow"


def test_a_negative_bank_vetoes(server: Server, staff: dict[str, str]) -> None:
    """An entry of a negative bank lets through what another bank would block."""
    bank, veto = make_bank(server, staff, "strict"), make_bank(server, staff, "veto", negative=True)
    protect(server, staff, bank, picture(seed=3))
    assert check(server, staff, picture(seed=3))["decision"] == "block"
    protect(server, staff, veto, picture(seed=3))
    assert check(server, staff, picture(seed=3))["decision"] == "allow"


def test_a_disabled_bank_does_not_match(server: Server, staff: dict[str, str]) -> None:
    """Switching a bank off takes effect with the answer, and leaves the rest of its policy alone."""
    bank = make_bank(server, staff, "switch", threshold=20)
    protect(server, staff, bank, picture(seed=4))
    off = server.client.patch(f"/api/v1/banks/{bank}", headers=staff, json={"enabled": False})
    assert (off.status_code, off.json()["threshold"], off.json()["action"]) == (200, 20, "block")
    assert check(server, staff, picture(seed=4))["decision"] == "allow"


def test_a_write_sent_twice_happens_once(server: Server, staff: dict[str, str]) -> None:
    """The same Idempotency-Key gives the same answer; with another body it is a conflict."""
    bank = make_bank(server, staff, "twice")
    path, once = f"/api/v1/banks/{bank}/entries", {**staff, "Idempotency-Key": "a-1"}
    first = server.client.post(path, headers=once, json={"hashes": [{"value": _OTHER}]})
    again = server.client.post(path, headers=once, json={"hashes": [{"value": _OTHER}]})
    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    other = server.client.post(path, headers=once, json={"hashes": [{"value": _HEX}]})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert len(server.client.get(path, headers=staff).json()["entries"]) == 1


def test_a_check_sent_twice_is_recorded_once(server: Server, staff: dict[str, str]) -> None:
    """What matched has one number, however often it is asked under one key; another upload under it is a conflict."""
    bank = make_bank(server, staff, "asked-twice")
    protect(server, staff, bank, picture(seed=31))
    once = {**staff, "Idempotency-Key": "check-1"}
    file, path = picture(seed=31), "/api/v1/checks"
    first = server.client.post(path, headers=once, files={"file": file}).json()
    # Each time with another boundary.
    again = server.client.post(path, headers=once, files={"file": file}).json()
    assert (first["decision"], again) == ("block", first)
    query = server.client.post(f"{path}?content_ref=b", headers=once, files={"file": file})
    other = server.client.post(path, headers=once, files={"file": picture(seed=32)})
    batch = {"hashes": [{"value": each["value"]} for each in first["hashes"]]}
    assert {each.status_code for each in (query, other)} == {409}
    once["Idempotency-Key"] = "check-2"
    several = [server.client.post(f"{path}/batch", headers=once, json=batch).json() for _ in range(2)]
    assert several[0] == several[1]
    once["Idempotency-Key"] = "check-3"
    unknown = {"hashes": [{"value": "13579bdf" * 8}]}
    nothing = [server.client.post(path, headers=once, json=unknown).json() for _ in range(2)]
    assert nothing[0]["check_id"] != nothing[1]["check_id"], "what does not match leaves nothing"


#: Writes without an Idempotency-Key, and why.
_UNKEPT = {
    "POST /api/v1/notices/import": "a notice with a reference is taken once",
    "POST /api/v1/notices/{notice}/decisions/preview": "changes nothing",
}


def test_every_write_refuses_a_key_that_was_used_for_another(server: Server) -> None:
    """None is forgotten: each write of the document looks at the Idempotency-Key before it does anything."""
    scopes = ",".join(each for each in Scope if each is not Scope.EXCHANGE)
    used = {**server.key("walker", scopes), "Idempotency-Key": "used"}
    assert server.client.post("/api/v1/banks", headers=used, json={"name": "walked"}).status_code == 201
    schemas = server.client.get("/api/v1/openapi.json").json()
    writes = [each for each in API if each.method != "GET"]
    forgotten: list[tuple[str, str, str]] = []
    assert {f"{each.method} {each.path}" for each in writes if not each.idempotent} == set(_UNKEPT)
    for each in writes:
        if each.idempotent:
            described = schemas["paths"][each.path][each.method.lower()]
            content = described.get("requestBody", {}).get("content", {})
            body = example(content[Kind.JSON]["schema"], schemas) if Kind.JSON in content else None
            path = re.sub(r"{[a-z]+}", "1", each.path.replace("{entry}", entry_text(EntryId(1))))
            answer = server.client.request(each.method, path, headers=used, **({} if body is None else {"json": body}))
            if "This Idempotency-Key was used" not in answer.text:
                forgotten.append((each.method, path, answer.text))
    assert forgotten == []


def test_lists_are_paged(server: Server, staff: dict[str, str]) -> None:
    """Following ``next`` gives every entry once."""
    bank = make_bank(server, staff, "paged")
    path = f"/api/v1/banks/{bank}/entries"
    made = {
        server.client.post(path, headers=staff, json={"hashes": [{"value": f"{n:02x}" * 16 + "c3" * 16}]}).json()[
            "entry"
        ]
        for n in range(5)
    }
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = server.client.get(path, headers=staff, params={"limit": 2, "after": after}).json()
        seen += [each["entry"] for each in page["entries"]]
        after = page["next"]
    assert (len(seen), set(seen)) == (5, made)


def test_a_batch_is_answered_in_order(server: Server, staff: dict[str, str]) -> None:
    """Each hash of a batch gets its own result, in the order sent."""
    bank = make_bank(server, staff, "batch")
    value = "5a" * 16 + "c3" * 16
    server.client.post(f"/api/v1/banks/{bank}/entries", headers=staff, json={"hashes": [{"value": value}]})
    hashes = [{"value": _HEX}, {"value": value, "content_ref": "b"}, {"value": value, "quality": 10}]
    results = server.client.post("/api/v1/checks/batch", headers=staff, json={"hashes": hashes}).json()["results"]
    assert [each["decision"] for each in results] == ["allow", "block", "allow"]
    assert results[2]["outcome"] == "low_quality"


@pytest.mark.parametrize(
    ("name", "file", "outcome"),
    [
        ("text named .jpg", b"this is no picture\n" * 50, "unsupported"),
        ("empty", b"", "unsupported"),
        ("truncated", picture(kind="JPEG")[:2000], "corrupt"),
        ("bomb", picture(kind="PNG")[:16] + (60_000).to_bytes(4) * 2 + picture(kind="PNG")[24:], "too_large"),
    ],
)
def test_a_bad_file_is_a_result(server: Server, staff: dict[str, str], name: str, file: bytes, outcome: str) -> None:
    """Whatever a file is, checking it gives an outcome, and registering it is refused with that outcome."""
    result = check(server, staff, file)
    # A damaged header may be seen as damage before its size is believed.
    assert result["outcome"] in {outcome, "corrupt"}, name
    refused = server.client.post("/api/v1/banks/any/entries", headers=staff, files={"file": file})
    assert (refused.status_code, refused.json()["code"]) == (422, "unusable-file")


def test_a_raw_body_is_a_file_too(server: Server, staff: dict[str, str]) -> None:
    """A picture may be the body itself, its reference in the query."""
    sent = server.client.post(
        "/api/v1/checks?content_ref=r", headers={**staff, "Content-Type": "image/png"}, content=picture(seed=9)
    )
    assert (sent.status_code, sent.json()["outcome"]) == (200, "hashed")


def _chunks() -> Iterator[bytes]:
    for _ in range(6):
        yield bytes(1024 * 1024)


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": {"hashes": [{"value": "xyz"}]}}, 400, "invalid-hash"),
        ({"json": {"hashes": [{"value": _HEX, "type": "md5"}]}}, 400, "invalid-hash"),
        ({"json": {"hashes": [{"value": _HEX, "quality": 101}]}}, 400, "invalid-input"),
        ({"json": {"hashes": []}}, 400, "invalid-input"),
        ({"json": {"hashes": [{"value": _HEX}], "contentref": "misspelt"}}, 400, "invalid-input"),
        ({"json": {"hashes": [{"value": _HEX}] * 10_001}}, 400, "invalid-input"),
        ({"json": {"hashes": [{"value": _HEX}], "content_ref": "a\0b"}}, 400, "invalid-input"),
        ({"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 400, "invalid-input"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "invalid-input"),
        ({"content": b"a=b", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported-media-type"),
        ({"content": bytes(6 << 20), "headers": {"Content-Type": "image/png"}}, 413, "too-large"),
        ({"content": _chunks, "headers": {"Content-Type": "image/png"}}, 413, "too-large"),
        ({"data": {"content_ref": "no file"}, "files": {"other": b"x"}}, 400, "invalid-input"),
    ],
)
def test_a_bad_request_is_a_problem_document(
    server: Server, staff: dict[str, str], request_: dict[str, Any], status: int, code: str
) -> None:
    """What cannot be understood is refused with a stable code, and the server goes on."""
    headers = {**staff, **request_.get("headers", {})}
    content = request_.get("content")
    given = {**request_, "headers": headers, **({"content": content()} if callable(content) else {})}
    refused = server.client.post("/api/v1/checks", **given)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert server.client.get("/healthz").status_code == 200


def test_keys_and_scopes_are_asked_for(server: Server, staff: dict[str, str]) -> None:
    """No key or a wrong one is 401, a key without the scope 403."""
    assert server.client.get("/api/v1/banks").status_code == 401
    wrong = server.client.get("/api/v1/banks", headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, 'Bearer realm="noli"')
    low = server.key("checks-only", "checks")
    refused = server.client.post("/api/v1/banks", headers=low, json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert server.client.get("/metrics", headers=staff).status_code == 403


def test_distances_are_for_those_who_may_see_them(server: Server, staff: dict[str, str]) -> None:
    """Only a key with the scope ``distances`` is told how many bits apart a match is."""
    bank, value = make_bank(server, staff, "distances"), "96" * 32
    server.client.post(f"/api/v1/banks/{bank}/entries", headers=staff, json={"hashes": [{"value": value}]})
    trusted = server.key("trusted", "checks,distances")
    body = {"hashes": [{"value": value}]}
    assert server.client.post("/api/v1/checks", headers=trusted, json=body).json()["matches"][0]["distance"] == 0
    assert "distance" not in server.client.post("/api/v1/checks", headers=staff, json=body).json()["matches"][0]


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    """Pages, problems and data alike; methods that are not offered are refused, HEAD is answered."""
    for path in ("/", "/api/v1/reference", "/static/noli.css", "/healthz", "/nothing", "/api/v1/openapi.json"):
        answer = server.client.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers
    refused = server.client.request("TRACE", "/healthz")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    head = server.client.head("/")
    assert (head.status_code, head.content) == (200, b"")


def test_metrics_count_without_naming(server: Server, staff: dict[str, str]) -> None:
    """Prometheus sees decisions and index size, and no bank's name."""
    make_bank(server, staff, "secretly-named")
    check_hex(server, staff, _HEX)
    text = server.client.get("/metrics", headers=server.key("prometheus", "metrics")).text
    assert re.search(r'noli_checks_total\{decision="allow",outcome="hashed"\} [1-9]', text)
    assert "noli_index_hashes" in text
    assert "secretly-named" not in text


def test_logs_hold_no_hash_and_no_reference(server: Server, staff: dict[str, str]) -> None:
    """Neither good nor bad requests leave a hash, a reference or an address in the log."""
    body = {"hashes": [{"value": _HEX}], "content_ref": "marker-7f3a"}
    server.client.post("/api/v1/checks", headers=staff, json=body)
    server.client.get(f"/api/v1/banks/{_HEX}", headers=staff)
    server.client.post("/api/v1/checks", headers=staff, json={"hashes": [{"value": _HEX + "0"}]})
    log = server.log.read_text()
    assert "index.loaded" in log
    assert not any(secret in log for secret in (_HEX, "marker-7f3a", staff["Authorization"].split()[1]))


def test_generated_requests_never_break_the_server(server: Server) -> None:
    """Schemathesis drives every route that its key may call: no 5xx, no answer that is not described."""
    scopes = ("checks", "banks", "distances", "metrics")
    fuzz = server.key("fuzz", ",".join(scopes))
    described = server.client.get("/api/v1/openapi.json").json()["paths"]
    # Any other route gives the same refusal to whatever comes, before it looks at it.
    may = {
        path for path, item in described.items() if any(op.get("x-scope", "checks") in scopes for op in item.values())
    }
    for path in described.keys() - may:
        for method in described[path]:
            refused = server.client.request(method, path.replace("{", "").replace("}", ""), headers=fuzz)
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), (method, path)
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.client.base_url}/api/v1/openapi.json"]
    command += ["-H", f"Authorization: {fuzz['Authorization']}", "-n", "5", "--checks", checks, "--no-color"]
    command += ["--phases", "coverage,fuzzing", "--generation-deterministic"]
    command += [word for path in sorted(may) for word in ("--include-path", path)]
    run = subprocess.run(command, cwd=server.data, env=unmeasured(), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-1000:]
    assert f"Tested: {sum(map(len, map(described.get, may)))}" in run.stdout


def test_another_process_sees_a_change(tmp_path: Path, database_url: str) -> None:
    """An entry added in one process is matched in another of the same installation, and withdrawn likewise."""
    first = Server(tmp_path, database_url)
    second = Server(tmp_path, database_url)
    try:
        staff = first.key("staff", "checks,banks")
        path = f"/api/v1/banks/{make_bank(first, staff, 'shared')}/entries"
        entry = first.client.post(path, headers=staff, json={"hashes": [{"value": _HEX}]}).json()["entry"]
        eventually(lambda: check_hex(second, staff, _HEX) == "block")
        first.client.delete(f"{path}/{entry}", headers=staff)
        eventually(lambda: check_hex(second, staff, _HEX) == "allow")
    finally:
        second.stop()
        first.stop()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, database_url: str) -> None:
    """After kill -9 right behind the answer, a new process of the installation has the entry."""
    first = Server(tmp_path, database_url)
    staff = first.key("staff", "checks,banks")
    path = f"/api/v1/banks/{make_bank(first, staff, 'kept')}/entries"
    assert first.client.post(path, headers=staff, json={"hashes": [{"value": _HEX}]}).status_code == 201
    first.stop(signal.SIGKILL)
    second = Server(tmp_path, database_url)
    try:
        assert check_hex(second, staff, _HEX) == "block"
    finally:
        second.stop()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Six seconds, another drawing each."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return clips.encoded(path, clips.scenes(seconds=6, width=320, height=180), codec="libx264").read_bytes()


def test_a_protected_video_is_found_in_another(
    server: Server, staff: dict[str, str], clip: bytes, tmp_path: Path
) -> None:
    """A video that shows four seconds of it, mirrored, is blocked with their place; so is a still of it."""
    bank = make_bank(server, staff, "videos")
    entry = protect(server, staff, bank, clip)
    assert {one["type"] for one in entry["hashes"]} == {"vpdq"}
    shown = [*clips.scenes(seconds=6, width=320, height=180)]
    frames = [*(ImageOps.mirror(each) for each in shown[10:50]), *clips.flat(seconds=1, width=320, height=180)]
    copy = clips.encoded(tmp_path / "copy.webm", frames).read_bytes()
    found = check(server, staff, copy)
    (match,) = found["matches"]
    assert (found["decision"], match["type"], match["entry"]) == ("block", "vpdq", entry["entry"])
    segment = match["segment"]
    assert abs(segment["start"]) <= 1
    assert abs(segment["end"] - 4) <= 1
    assert abs(segment["banked_start"] - 1) <= 1
    assert abs(segment["banked_end"] - 5) <= 1
    assert segment["seconds"] >= 3
    assert all("at_ms" in one for one in found["hashes"])
    recorded = server.client.get(f"/api/v1/checks/{found['check_id']}", headers=staff).json()
    assert recorded["matches"] == found["matches"]
    still = io.BytesIO()
    shown[25].save(still, "PNG")
    assert check(server, staff, still.getvalue())["decision"] == "block"


def test_hashes_of_a_video_can_be_sent(server: Server, staff: dict[str, str], clip: bytes) -> None:
    """Frames hashed elsewhere, with their times, are one video; a time without its type is refused."""
    bank = make_bank(server, staff, "sent")
    entry = protect(server, staff, bank, clip)
    frames = [{name: one[name] for name in ("type", "value", "quality", "at_ms")} for one in entry["hashes"]]
    found = server.client.post("/api/v1/checks", headers=staff, json={"hashes": frames}).json()
    assert found["matches"][0]["segment"]["share"] == 1
    path = f"/api/v1/banks/{bank}/entries"
    again = server.client.post(path, headers=staff, json={"hashes": frames}).json()
    assert [one["at_ms"] for one in again["hashes"]] == [one["at_ms"] for one in frames]
    wrong = server.client.post("/api/v1/checks", headers=staff, json={"hashes": [{**frames[0], "type": "pdq"}]})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid-hash")
