# SPDX-License-Identifier: Apache-2.0
"""The public notice form over HTTP: from the age to the receipt, the decision and the complaint, without script."""

import html
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from pysqlite3.dbapi2 import connect

from noli.app import App, load_config
from noli.notices.commands import Rule
from noli.notices.model import Because, Ground, Measure
from tests.support.server import Server

_CHEAP = {"proof_of_work_bits": 4, "password_memory_mib": 8}
_PAYLOAD = "<script>alert(1)</script>\"'>{{7*7}}<img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("notice")
    settings = {"parts": "notice,api", "platform_name": "Pictopia & Co", "submissions_per_hour": 15, **_CHEAP}
    settings["notice_embedders"] = "https://www.pictopia.example,https://help.pictopia.example"
    running = Server(folder, "", trusted_proxies="127.0.0.1", **settings)
    yield running
    running.stop()


def _post(server: Server, path: str, /, **fields: str) -> str:
    answer = server.client.post(path, data=fields)
    assert answer.status_code == 200, answer.text
    return answer.text


def _token(server: Server) -> str:
    page = _post(server, "/notice", age="adult")
    found = re.search(r'name="token" value="([^"]{43})"', page)
    assert found is not None
    return found[1]


def _send(server: Server, **fields: str) -> tuple[str, dict[str, str]]:
    """Send a notice; returns the receipt's page, and number and code from it."""
    page = _post(server, "/notice", age="adult", step="send", token=_token(server), **fields)
    keys = {part: re.search(rf'data-part="{part}">([^<]+)<', page) for part in ("number", "code")}
    return page, {part: found[1] for part, found in keys.items() if found is not None}


def _main(page: str) -> str:
    """Return what a page says."""
    text = re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main>")[0])
    return re.sub(r"\s+", " ", html.unescape(text))


def _facts(server: Server) -> int:
    """Count everything that ever happened, as the ledger has it."""
    with closing(connect(server.data / "noli.db")) as database:
        return int(database.execute("SELECT count(*) FROM ledger_entry").fetchone()[0])


def _complete() -> dict[str, str]:
    return {
        "filer": "self",
        "kind": "authentic",
        "location": "https://pictopia.example/p/1\nand in the group of the same name",
        "reasons": "I am shown, and never agreed.",
        "statement": "yes",
        "good-faith": "yes",
        "accuracy": "yes",
        "contact": "someone@example.org",
        "name": "Somebody",
        "signature": "Somebody",
    }


def test_the_form_is_in_the_platforms_name(server: Server) -> None:
    """It names the platform, asks for the age first, and for no picture; whoever needs help finds it."""
    page = server.client.get("/notice").text
    assert "on Pictopia &amp; Co" in page
    assert 'name="age"' in page
    assert 'name="location"' not in page
    assert 'type="file"' not in page + _post(server, "/notice", age="adult")
    for path in ("/help", "/other-help", "/safe", "/notice/status"):
        assert server.client.get(path).status_code == 200
    assert server.client.get("/go").status_code == 404


def test_the_platform_may_show_it_in_a_frame_and_nobody_else(server: Server) -> None:
    """Every page that somebody meets on the way says so, errors and hotlines too; the rest is framed by nobody."""
    ours = "frame-ancestors https://www.pictopia.example https://help.pictopia.example"
    met = [server.client.get(path) for path in ("/notice", "/notice/status", "/other-help", "/help", "/safe")]
    met += [server.client.post("/notice", data={"age": "adult"}), server.client.post("/notice/status", data={})]
    met.append(server.client.get("/notice/nothing", headers={"accept": "text/html"}))
    for answer in met:
        assert answer.headers["content-security-policy"].endswith(ours), answer.url
        assert "set-cookie" not in answer.headers
    other = [server.client.get("/healthz"), server.client.get("/about"), server.client.get("/api/v1/notices")]
    for answer in other:
        assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'"), answer.url


def test_under_18_leads_to_the_hotlines(server: Server) -> None:
    """Whatever else is sent with it, nothing is stored and the hotlines are shown."""
    before = _facts(server)
    for age in ("under-18", "unsure"):
        answer = server.client.post("/notice", data={**_complete(), "age": age, "step": "send", "token": "x" * 43})
        assert (answer.status_code, answer.headers["location"]) == (303, "/other-help")
    assert _facts(server) == before


def test_a_complete_notice(server: Server) -> None:
    """A receipt at once, with the strictest clock and the law behind it; nothing is missing."""
    page, keys = _send(server, **_complete())
    assert all(re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", value) for value in keys.values()), keys
    said = _main(page)
    assert "What we still need" not in said
    assert "nobody should be able to see it" in said
    assert "r 3(2)(b)" in said
    assert "not yet verified" in said
    shown = _main(_post(server, "/notice/status", **keys))
    assert "We have it, and have not decided yet." in shown
    assert "We have received your notice" in shown


def test_what_is_missing_is_asked_for(server: Server) -> None:
    """In plain words, each with the laws that want it; given later with the receipt, it counts."""
    page, keys = _send(server, filer="self", location="Under the profile “Me”.")
    said = _main(page)
    assert "Please confirm that the picture or video is intimate" in said
    assert "Needed under: " in said
    assert "TAKE IT DOWN Act, section 3, § 3(a)(1)(B)(iii)" in said
    later = {name: value for name, value in _complete().items() if name not in {"filer", "location", "kind"}}
    done = _main(_post(server, "/notice/more", **keys, **later))
    assert "Saved." in done
    assert "What we still need" not in done


def test_a_stranger_is_told_which_laws_are_not_theirs(server: Server) -> None:
    """Somebody who is not shown and acts for nobody has a notice all the same, and learns what it is not."""
    page, _ = _send(server, **{**_complete(), "filer": "anyone"})
    said = _main(page)
    assert "Under this law, only the person shown can ask" in said
    assert 'action="/notice/more"' not in page


def test_sent_again_it_is_one(server: Server) -> None:
    """A page that is loaded again shows the same receipt."""
    fields = {**_complete(), "age": "adult", "step": "send", "token": _token(server)}
    first, again = (_post(server, "/notice", **fields) for _ in range(2))
    assert re.findall(r'data-part="\w+">([^<]+)<', first) == re.findall(r'data-part="\w+">([^<]+)<', again)


def test_mistakes_are_said(server: Server) -> None:
    """An answer that is missing is asked for, and nothing that was typed is lost."""
    assert "Please choose one answer." in _post(server, "/notice", age="")
    empty = _post(server, "/notice", age="adult", step="send", token=_token(server), filer="self")
    assert "at least where it is" in empty
    unsaid = _post(server, "/notice", age="adult", step="send", token=_token(server), location="There & here")
    assert "Please choose one answer." in unsaid
    assert "There &amp; here</textarea>" in unsaid
    assert server.client.post("/notice", data={**_complete(), "age": "adult", "step": "send"}).status_code == 400


def test_number_and_code_have_to_fit(server: Server) -> None:
    """A wrong code opens nothing, and what is to be done needs it, too."""
    _, keys = _send(server, **_complete())
    for number, path in enumerate(("/notice/status", "/notice/more", "/notice/complaint", "/notice/end")):
        wrong = {"number": keys["number"], "code": "0000-0000-0000-0000", "text": "x", "location": "x"}
        answer = server.client.post(path, data=wrong, headers={"x-forwarded-for": f"203.{number}.113.1"})
        assert answer.status_code == 403
        assert "someone@example.org" not in answer.text
    assert server.client.get("/notice/status").status_code == 200


def test_complaining_and_taking_back(server: Server) -> None:
    """There is no complaint before a decision; taking it back ends it; an empty text is asked for."""
    _, keys = _send(server, **_complete())
    assert "cannot be done any more, or not yet" in _post(server, "/notice/complaint", **keys, text="Why?")
    assert "Please write something first." in _post(server, "/notice/complaint", **keys, text=" ")
    assert "Please write something first." in _post(server, "/notice/more", **keys)
    ended = _main(_post(server, "/notice/end", **keys))
    assert "It was taken back." in ended
    assert "Take my report back" not in ended


def test_the_decision_and_a_complaint(server: Server) -> None:
    """What was decided, and why, is read with number and code; whoever thinks it wrong complains there."""
    _, keys = _send(server, **_complete())
    because = Because(reason="Nobody is shown.", rule="Terms 4.2", author="ada")
    with closing(App.open(load_config({"data": server.data}))) as app, app.notices.writing() as transaction:
        (notice,) = [each.id for each in app.notices.queue() if each.id == keys["number"].replace("-", "")]
        rule = Rule(Measure.KEEP, (Ground.NOT_INTIMATE,), because)
        app.notices.rule(transaction, notice, rule, actor="key:platform")
    decided = _main(_post(server, "/notice/status", **keys))
    assert "We have decided. What we decided stands below." in decided
    assert "The content stays." in decided
    complained = _main(_post(server, "/notice/complaint", **keys, text="It is me, I swear."))
    assert "Saved." in complained
    assert "Another person looks at it again." in complained
    assert "By then we decide about the complaint:" in complained


def test_planted_payloads_stay_text(server: Server) -> None:
    """Markup in any field is shown as text, if at all; scripts stay out by policy, too."""
    planted = dict.fromkeys(_complete(), _PAYLOAD) | {"filer": "self", "age": "adult", "l": _PAYLOAD}
    form = _post(server, "/notice", **planted)
    page, keys = _send(server, **{name: value for name, value in planted.items() if name != "age"})
    status = _post(server, "/notice/status", **keys)
    wrong = server.client.post("/notice/status", data={"number": _PAYLOAD, "code": _PAYLOAD}).text
    for shown in (form, page, status, wrong):
        assert "<script>alert" not in shown
        assert "<img" not in shown
        assert "49" not in re.sub(r"[0-9a-f]{32,}", "", _main(shown)) or _PAYLOAD in html.unescape(shown)
    policy = server.client.get("/notice").headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy
    assert "form-action 'self'" in policy


@pytest.mark.parametrize("path", ["/notice", "/notice/status", "/notice/more", "/notice/complaint", "/notice/end"])
def test_other_sites_cannot_send_it(server: Server, path: str) -> None:
    """What another site made a browser send is refused, and so is a file."""
    fields = {**_complete(), "age": "adult", "number": "x", "code": "x", "text": "x"}
    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert server.client.post(path, data=fields, headers=header).status_code == 403
    assert server.client.post(path, files={"file": b"\xff\xd8\xff" * 99}).status_code == 415
    assert server.client.post(path, content=b"location=" + b"x" * 65_536, headers=_FORM).status_code == 413


_FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_so_many_an_hour_from_one_network(server: Server) -> None:
    """A flood is stopped with words; other networks still get through."""
    fields = {**_complete(), "age": "adult", "step": "send", "token": _token(server)}
    flood = {"accept": "text/html", "x-forwarded-for": "192.0.2.1"}
    answers = [server.client.post("/notice", data=fields, headers=flood) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    assert "Please wait a little" in answers[-1].text
    assert "Follow up a report" in answers[-1].text
    assert int(answers[-1].headers["retry-after"]) > 0
    assert server.client.post("/notice", data=fields, headers={"x-forwarded-for": "198.51.100.1"}).status_code == 200
