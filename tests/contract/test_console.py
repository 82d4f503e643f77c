# SPDX-License-Identifier: Apache-2.0
"""What staff meet in the console: a real App on SQLite, everything over HTTP, a clock that is moved."""

import re
from collections.abc import Callable, Iterator

import pytest

from noli.access.model import Role, Staff
from noli.casework.model import Author, CaseId, CaseState, NewLink, Reporter
from noli.notices.model import NewContent
from noli.notices.records import PartyRole
from noli.web.console import cases
from noli.web.console.guard import POLICY
from tests.support.casework import made_up_item
from tests.support.console import PASSWORD, Console, Visit, text_of


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation; tests that count make their own people."""
    made = Console(tmp_path_factory.mktemp("console"))
    yield made
    made.close()


@pytest.fixture
def lead(console: Console) -> Staff:
    """A lead."""
    return console.staff(Role.LEAD)


@pytest.fixture
def visit(console: Console, lead: Staff) -> Visit:
    """The lead's browser, logged in."""
    return console.logged_in(lead)


def _views(console: Console, case: CaseId) -> int:
    return sum(entry.fact.kind == "case.viewed" for entry in console.app.ledger.page(subject=case))


# --- getting in ----------------------------------------------------------------------------------------------------


def _set_up(console: Console, token: str, *, password: str = PASSWORD, code: str = "") -> tuple[Visit, str]:
    """Go through the set-up pages; returns the visit and where it ended."""
    visit = console.visit()
    visit.learn(visit.get("/console/set-up"))
    shown = visit.post("/console/set-up", {"token": token})
    assert shown.status_code == 200, text_of(shown)
    fields = {"token": token, "password": password, "code": code or console.code(token)}
    answer = visit.post("/console/set-up/account", fields)
    return visit, answer.headers.get("location", "") or text_of(answer)


def test_from_token_to_first_page(console: Console) -> None:
    """Whoever was given a token sets up the account, logs in with the next code, and is where the role begins."""
    _, token = console.app.staff.create("wanda", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    visit, end = _set_up(console, token)
    assert end == "/console/log-in?notice=ready"
    console.clock.move(seconds=30)
    fields = {"name": "wanda", "password": PASSWORD, "code": console.code_of(secret)}
    answer = visit.post("/console/log-in", fields)
    assert answer.headers["location"] == "/console"
    assert visit.get("/console").headers["location"] == "/console/cases"
    assert "wanda" in text_of(visit.get("/console/cases"))


def test_set_up_page_shows_the_key_three_ways(console: Console) -> None:
    """The secret is there as text in groups, as an otpauth address, and drawn as a QR code by the server."""
    _, token = console.app.staff.create("xenia", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    visit = console.visit()
    visit.learn(visit.get("/console/set-up"))
    page = visit.post("/console/set-up", {"token": f" {token[:10]} {token[10:]} "})
    assert secret in text_of(page).replace(" ", "")
    assert f"otpauth://totp/Noli:xenia?secret={secret}" in text_of(page)
    assert "<svg" in page.text
    assert 'style="' not in page.text


@pytest.mark.parametrize(
    ("password", "says"),
    [("fourteen chars", "too short or too easy"), ("aaaaaaaaaaaaaaaaaaaa", "too short or too easy")],
)
def test_weak_password(console: Console, password: str, says: str) -> None:
    """A password of fewer than 15 characters, or one that is easily guessed, is refused; the token still works."""
    _, token = console.app.staff.create(f"weak-{len(password)}", Role.CASEWORKER)
    _, said = _set_up(console, token, password=password)
    assert says in said
    assert _set_up(console, token)[1].endswith("notice=ready")


def test_wrong_first_code(console: Console) -> None:
    """A wrong code does not complete the set-up, and the page says which field it was."""
    _, token = console.app.staff.create("yves", Role.CASEWORKER)
    wrong = f"{(int(console.code(token)) + 1) % 1_000_000:06}"
    assert "code is not the current one" in _set_up(console, token, code=wrong)[1]


def test_token_works_once(console: Console) -> None:
    """A token that was used, is unknown or is too old is refused, each in the same words."""
    _, used = console.app.staff.create("zoe", Role.CASEWORKER)
    _set_up(console, used)
    _, old = console.app.staff.create("anders", Role.CASEWORKER)
    console.clock.move(hours=49)
    visit = console.visit()
    visit.learn(visit.get("/console/set-up"))
    answers = [visit.post("/console/set-up", {"token": token}) for token in (used, old, "unknown")]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({text_of(answer) for answer in answers}) == 1


def _log_in(console: Console, name: str, password: str, code: str) -> tuple[int, str]:
    visit = console.visit()
    visit.learn(visit.get("/console/log-in"))
    answer = visit.post("/console/log-in", {"name": name, "password": password, "code": code})
    return answer.status_code, re.sub(r'(value|data-asked|data-now)="[^"]*"', "", answer.text)


def test_refusals_are_alike(console: Console) -> None:
    """Unknown name, wrong password, wrong code and closed account are refused with the same page."""
    _, token = console.app.staff.create("bea", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    console.app.staff.set_up(token, password=PASSWORD, code=console.code(token))
    closed = console.staff(Role.CASEWORKER)
    console.app.staff.disable(closed.name)
    console.clock.move(minutes=1)
    code = console.code_of(secret)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    answers = {
        _log_in(console, "nobody", PASSWORD, code),
        _log_in(console, "bea", "another password", code),
        _log_in(console, "bea", PASSWORD, wrong),
        _log_in(console, closed.name, PASSWORD, code),
        _log_in(console, "", "", ""),
    }
    assert len(answers) == 1
    assert answers.pop()[0] == 401


def test_code_works_once(console: Console) -> None:
    """A one-time code that let somebody in is refused the second time, by the same person too."""
    _, token = console.app.staff.create("carl", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    console.app.staff.set_up(token, password=PASSWORD, code=console.code(token))
    console.clock.move(minutes=1)
    code = console.code_of(secret)
    assert _log_in(console, "carl", PASSWORD, code)[0] == 303
    assert _log_in(console, "carl", PASSWORD, code)[0] == 401


def test_guessing_waits(tmp_path_factory: pytest.TempPathFactory) -> None:
    """After some failures the page asks to wait, and says how long to people and programs."""
    console = Console(tmp_path_factory.mktemp("guessing"))
    for _ in range(6):
        _log_in(console, "dora", "wrong", "000000")
    visit = console.visit()
    visit.learn(visit.get("/console/log-in"))
    answer = visit.post("/console/log-in", {"name": "dora", "password": "wrong", "code": "000000"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "Wait" in text_of(answer)
    console.close()


def test_log_in_leads_back_and_nowhere_else(console: Console) -> None:
    """After log-in one is on the page that was asked for, but never on another site."""
    _, token = console.app.staff.create("emil", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    console.app.staff.set_up(token, password=PASSWORD, code=console.code(token))
    for then, ends in (
        ("/console/cases/ABC", "/console/cases/ABC"),
        ("//elsewhere.example", "/console"),
        ("https://elsewhere.example/console", "/console"),
        ("/console/../api", "/console"),
        ("/console\r\nset-cookie: x=y", "/console"),
    ):
        console.clock.move(minutes=1)
        visit = console.visit()
        visit.learn(visit.get("/console/log-in"))
        code = console.code_of(secret)
        answer = visit.post("/console/log-in", {"name": "emil", "password": PASSWORD, "code": code, "then": then})
        assert answer.headers["location"] == ends


# --- sessions ------------------------------------------------------------------------------------------------------


def test_cookies(console: Console) -> None:
    """Under https the cookie is Secure, HttpOnly, SameSite=Strict and bound to the host; its value is on no page."""
    _, token = console.app.staff.create("fay", Role.CASEWORKER)
    secret = console.app.staff.enrolment(token).secret
    console.app.staff.set_up(token, password=PASSWORD, code=console.code(token))
    console.clock.move(minutes=1)
    visit = console.visit()
    host = {"host": "console.example", "origin": "https://console.example"}
    shown = visit.get("/console/log-in", **host)
    before = re.search(r"__Host-b=([^;]+)", shown.headers["set-cookie"])
    assert before
    visit.learn(shown)
    code = console.code_of(secret)
    fields = {"csrf": visit.csrf, "name": "fay", "password": PASSWORD, "code": code}
    sent = {**host, "sec-fetch-site": "same-origin", "cookie": f"__Host-b={before[1]}"}
    answer = visit._ask("POST", "/console/log-in", sent, data=fields)
    line = next(each for each in answer.headers.get_list("set-cookie") if each.startswith("__Host-k="))
    assert line.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Strict; Secure"


@pytest.mark.parametrize("away", [{"minutes": 31}, {"hours": 13}])
def test_session_ends_gently(console: Console, visit: Visit, away: dict[str, float]) -> None:
    """Who was away for too long is told so, led to the log-in page, and back to where they were."""
    case, _ = console.submit()
    console.clock.move(**away)
    answer = visit.get(f"/console/cases/{case}")
    assert answer.headers["location"] == f"/console/log-in?notice=ended&then=%2Fconsole%2Fcases%2F{case}"
    page = visit.get(answer.headers["location"])
    assert "because nothing happened for half an hour" in text_of(page)
    assert f'value="/console/cases/{case}"' in page.text


def test_what_was_typed_is_not_lost(console: Console, visit: Visit) -> None:
    """A message sent after the session ended is not sent, but shown again to be copied; a forged one is not shown."""
    case, _ = console.submit()
    console.clock.move(minutes=31)
    answer = visit.post(f"/console/cases/{case}/reply", {"text": "A long <answer>."})
    assert answer.status_code == 401
    assert "A long &lt;answer&gt;." in answer.text
    assert console.app.cases.view(case).messages == ()
    visit = console.logged_in(console.staff(Role.LEAD))
    console.clock.move(minutes=31)
    forged = visit.post(f"/console/cases/{case}/reply", {"text": "A long answer.", "csrf": "x"})
    assert "A long" not in forged.text


def test_closed_account(console: Console) -> None:
    """Whoever's account is closed is out at once, in the middle of what they do."""
    staff = console.staff(Role.CASEWORKER)
    visit = console.logged_in(staff)
    assert visit.get("/console/cases").status_code == 200
    admin = console.logged_in(console.staff(Role.ADMIN))
    assert admin.post(f"/console/staff/{staff.id}/close").headers["location"] == "/console/staff?done=closed"
    assert visit.get("/console/cases").headers["location"].startswith("/console/log-in")
    assert visit.post("/console/me/log-out-elsewhere").status_code == 401


def test_log_out(console: Console, visit: Visit) -> None:
    """Logging out ends the session on the server and takes the cookie back."""
    token = visit.cookies["k"]
    answer = visit.post("/console/log-out")
    assert answer.headers["location"] == "/console/log-in?notice=left"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert answer.headers["clear-site-data"] == '"cache"'
    assert Visit(console.asgi, token=token).get("/console/me").status_code == 303


def test_log_out_elsewhere(console: Console, lead: Staff) -> None:
    """One can log out everywhere but here."""
    here, there = console.logged_in(lead), console.logged_in(lead)
    assert here.post("/console/me/log-out-elsewhere").status_code == 303
    assert there.get("/console/me").status_code == 303
    assert here.get("/console/me").status_code == 200


def test_headers(visit: Visit) -> None:
    """Pages are kept nowhere, shown in no frame, and may load nothing but our own script and style."""
    page = visit.get("/console/me")
    assert page.headers["content-security-policy"] == POLICY.decode()
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script>" not in page.text
    assert not re.search(r'\s(on\w+|style)="', page.text)


# --- the list ------------------------------------------------------------------------------------------------------


def test_list_shows_nothing_personal(console: Console, visit: Visit) -> None:
    """Labels, addresses, contact and words are not in the list, and looking at it is not recorded."""
    secrets = {"contact": "mail@example.org", "narrative": "He said he would", "representative": ""}
    case, _ = console.submit(items=(made_up_item(5, label="on the beach"),), **secrets)
    page = text_of(visit.get("/console/cases"))
    assert case[: cases.SHORT] in page
    assert not [each for each in ("beach", "example.org", "He said") if each in page]
    assert _views(console, case) == 0


@pytest.mark.parametrize("show", list(cases.Shown))
def test_filters(console: Console, lead: Staff, visit: Visit, show: cases.Shown) -> None:
    """Each filter shows the cases it names, and a state narrows it further."""
    mine, _ = console.submit()
    console.app.desk.take(lead, mine)
    waiting, _ = console.submit()
    console.app.cases.send_message(waiting, "Is anybody there?")
    console.app.desk.set_state(lead, waiting, CaseState.WAITING)
    held, _ = console.held_case()
    expected = {
        cases.Shown.ALL: {mine, waiting, held},
        cases.Shown.MINE: {mine},
        cases.Shown.UNASSIGNED: {waiting, held},
        cases.Shown.WAITING: {waiting},
        cases.Shown.HELD: {held},
    }[show]

    def shown(query: str) -> set[CaseId]:
        page = visit.get(f"/console/cases?{query}").text
        return {case for case in (mine, waiting, held) if f'/console/cases/{case}"' in page}

    assert shown(f"show={show}") == expected
    assert shown(f"show={show}&state=waiting") == expected & {waiting}


def test_unknown_filter(visit: Visit) -> None:
    """A filter that does not exist is refused instead of showing all."""
    assert visit.get("/console/cases?show=every").status_code == 400
    assert visit.get("/console/cases?state=lost").status_code == 400


def test_empty_list(console: Console) -> None:
    """An empty list says what will appear there."""
    visit = console.logged_in(console.staff(Role.CASEWORKER))
    assert "Nothing on your desk" in text_of(visit.get("/console/cases?show=mine"))


def test_paging(console: Console, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page shows every case once, newest first, and ends."""
    monkeypatch.setattr(cases, "ROWS", 2)
    made: list[str] = []
    for _ in range(3):
        console.clock.move(seconds=1)
        made.append(console.submit()[0])
    seen: list[str] = []
    address, page = "/console/cases", ""
    for _ in range(100):
        page = visit.get(address).text
        seen += re.findall(r'class="open" href="/console/cases/(\w+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
    assert seen[:3] == made[::-1]
    assert len(seen) == len(set(seen))
    assert "Newest" in page
    assert visit.get("/console/cases?after=NOTHING").status_code == 404


def test_find_by_number(console: Console, visit: Visit) -> None:
    """The number that a person tells, typed carelessly, leads to the case; it stands in no address."""
    case, receipt = console.submit()
    typed = receipt.number.lower().replace("-", " ")
    for find in (typed, case, case[:6].lower()):
        assert visit.post("/console/search", {"find": find}).headers["location"] == f"/console/cases/{case}"
    assert "Nothing was found" in text_of(visit.post("/console/search", {"find": "0000-0000-0000"}))
    for wrong in ("", "x" * 5000):
        assert visit.post("/console/search", {"find": wrong}).status_code == 400


def test_search_by_link_and_reference(console: Console) -> None:
    """A link, its host, a content's or a party's reference lead to what a role may open, and to no more than that."""
    first, _ = console.submit(links=(NewLink("https://Forum.example/thread/5?page=3#top"),))
    second, _ = console.submit(links=(NewLink("http://www.forum.example/other/"),))
    notice = console.notice(contents=(NewContent("https://forum.example/thread/5?page=3", "clip 77", "loud"),))
    lead, worker = (console.logged_in(console.staff(role)) for role in (Role.LEAD, Role.CASEWORKER))

    def found(visit: Visit, text: str) -> str:
        answer = visit.post("/console/search", {"find": text})
        return answer.headers["location"] if answer.status_code == 303 else text_of(answer)

    both = found(lead, "forum.example/thread/5?page=3")
    assert first[:8] in both
    assert notice[:8] in both
    assert second[:8] not in both
    assert found(worker, "https://www.forum.example/thread/5?page=3") == f"/console/cases/{first}"
    assert found(lead, "http://forum.example/other") == f"/console/cases/{second}"
    hosts = found(worker, "FORUM.example")
    assert first[:8] in hosts
    assert second[:8] in hosts
    assert notice[:8] not in hosts
    assert found(lead, "clip 77") == f"/console/notices/{notice}"
    assert found(lead, "loud") == f"/console/records/{console.app.notices.party(PartyRole.UPLOADER, 'loud')}"
    assert "What can be searched for" in text_of(lead.get("/console/search"))
    auditor = console.logged_in(console.staff(Role.AUDITOR))
    assert "Your role opens nothing" in text_of(auditor.get("/console/search"))
    assert "Nothing was found" in found(auditor, notice)


def test_a_case_that_somebody_left_to_others(console: Console, visit: Visit) -> None:
    """It is put back, gone from their list, and its requests with it; nobody hands it to them."""
    pursuit = console.pursuit()
    [case] = {each.case for each in console.app.pursuits.queue(limit=1000) if each.id == pursuit}
    me = console.staff(Role.CASEWORKER)
    mine = console.logged_in(me)
    assert mine.post(f"/console/cases/{case}/take").status_code == 303
    assert mine.post(f"/console/cases/{case}/step-aside").status_code == 303
    assert console.app.cases.view(case).assigned_to is None
    assert case[:8] not in text_of(mine.get("/console/cases"))
    for path in (f"cases/{case}", f"pursuits/{pursuit}"):
        assert mine.get(f"/console/{path}").status_code == 403
    assert visit.post(f"/console/cases/{case}/hand-over", {"to": me.id, "note": ""}).status_code == 404


# --- a case --------------------------------------------------------------------------------------------------------


def test_each_view_is_recorded_once(console: Console, lead: Staff, visit: Visit) -> None:
    """Opening a case is one entry in the ledger with who it was, and the page says so; refused views are none."""
    case, _ = console.submit()
    page = visit.get(f"/console/cases/{case}")
    assert "That you opened this case is in the ledger" in text_of(page)
    assert _views(console, case) == 1
    assert console.app.ledger.page(subject=case)[0].fact.actor == f"staff:{lead.id}"
    console.logged_in(console.staff(Role.MODERATOR)).get(f"/console/cases/{case}")
    assert _views(console, case) == 1
    assert lead.name in text_of(visit.get(f"/console/cases/{case}/ledger"))


def test_no_hash_on_any_page(console: Console, visit: Visit) -> None:
    """Hashes, bank entries and digests are on no page of a case."""
    item = made_up_item(77)
    case, receipt = console.submit(items=(item,))
    kept = console.app.cases.view(case).items[0]
    pages = visit.get(f"/console/cases/{case}").text + visit.get(f"/console/cases/{case}/ledger").text
    secrets = [hash_.value.hex() for hash_ in item.hashes] + [str(kept.entry), kept.digest, receipt.number]
    assert not [each for each in secrets if each in pages]


def test_one_timeline(console: Console, lead: Staff, visit: Visit) -> None:
    """What was registered, links, messages, notes, states and the withdrawal are one list, in order."""
    case, _ = console.submit(items=(made_up_item(8, label="sunset"),), links=(NewLink("https://example.org/copy"),))
    desk, person = console.app.desk, console.app.cases
    steps: list[Callable[[], object]] = [
        lambda: person.send_message(case, "Please hurry."),
        lambda: desk.reply(lead, case, "We are on it."),
        lambda: desk.note(lead, case, "Sounds frightened."),
        lambda: desk.set_state(lead, case, CaseState.IN_PROGRESS),
        lambda: person.request_withdrawal(case, erase=False),
    ]
    for step in steps:
        console.clock.move(minutes=1)
        step()
    page = text_of(visit.get(f"/console/cases/{case}")).partition("What happened")[2]
    said = [
        "The case was opened", "Registered a picture: “sunset”", "https://example.org/copy", "Please hurry.",
        "We are on it.", "Sounds frightened.", "The state is now: in progress", "Asked to withdraw", "nothing matches",
    ]  # fmt: skip
    places = [page.find(each) for each in said]
    assert -1 not in places
    assert places == sorted(places)


def test_erased_case(console: Console, visit: Visit) -> None:
    """Of an erased case the page shows that it was, nothing personal, and no form to write to it."""
    case, _ = console.submit(narrative="what happened to me")
    console.app.cases.send_message(case, "hello")
    console.app.cases.request_withdrawal(case, erase=True)
    page = visit.get(f"/console/cases/{case}")
    assert "Personal data were destroyed" in text_of(page)
    assert "(destroyed)" in text_of(page)
    assert f"/console/cases/{case}/reply" not in page.text


def test_reply_reaches_the_person_once(console: Console, visit: Visit) -> None:
    """A reply sent twice from one page is one message, and the person reads it without a name."""
    case, _ = console.submit()
    page = visit.get(f"/console/cases/{case}").text
    found = re.search(r'name="id" value="(\w+)"', page)
    assert found
    fields, then = {"text": "Line one\r\nline two", "id": found[1]}, f"/console/cases/{case}?done=replied"
    for _ in range(2):
        assert visit.post(f"/console/cases/{case}/reply", fields).headers["location"] == then
    messages = console.app.cases.view(case).messages
    assert [(each.author, each.text) for each in messages] == [(Author.STAFF, "Line one\nline two")]
    assert "Your message was sent" in text_of(visit.get(then))


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001, "nul\x00"])
def test_message_that_cannot_be_sent(console: Console, visit: Visit, text: str) -> None:
    """An empty, too long or broken message is refused, and shown again to be repaired."""
    case, _ = console.submit()
    answer = visit.post(f"/console/cases/{case}/reply", {"text": text})
    assert answer.status_code == 400
    assert "Nothing was changed" in text_of(answer)
    assert console.app.cases.view(case).messages == ()


def test_take_and_hand_over(console: Console) -> None:
    """A case is taken, handed to a colleague with a note, cannot be taken back without leading, and can be put back."""
    one, two = (console.staff(Role.CASEWORKER) for _ in range(2))
    first, second = console.logged_in(one), console.logged_in(two)
    case, _ = console.submit()
    at = f"/console/cases/{case}"
    assert first.post(f"{at}/take").headers["location"] == f"{at}?done=taken"
    assert second.post(f"{at}/take").status_code == 403
    assert first.post(f"{at}/hand-over", {"to": two.id, "note": "Call on Monday."}).status_code == 303
    page = text_of(second.get(at))
    assert "Call on Monday." in page
    assert f"Note by {one.name}" in page
    assert first.post(f"{at}/hand-over", {"to": one.id}).status_code == 403
    assert second.post(f"{at}/hand-over", {"to": "nobody"}).status_code == 303
    assert console.app.cases.view(case).assigned_to is None
    assert second.post(f"{at}/hand-over", {"to": "0" * 16}).status_code == 404
    auditor = console.staff(Role.AUDITOR)
    assert second.post(f"{at}/hand-over", {"to": auditor.id}).status_code == 403


def test_held_item(console: Console, visit: Visit) -> None:
    """A lead releases a held item or keeps it held, with a reason for colleagues; a caseworker only sees it."""
    case, item = console.held_case()
    at = f"/console/cases/{case}"
    worker = console.logged_in(console.staff(Role.CASEWORKER)).get(at).text
    assert "1 item is held" in worker
    assert f"{at}/items/{item}" not in worker
    assert visit.post(f"{at}/items/{item}", {"ruling": "release", "reason": " "}).status_code == 400
    assert visit.post(f"{at}/items/{item}", {"ruling": "drop", "reason": "x"}).status_code == 400
    assert visit.post(f"{at}/items/{item}", {"ruling": "keep", "reason": "A film poster."}).status_code == 303
    assert console.app.cases.view(case).items[0].held
    assert visit.post(f"{at}/items/{item}", {"ruling": "release", "reason": "Her own photo."}).status_code == 303
    kept = console.app.cases.view(case)
    assert not kept.items[0].held
    assert [note.text for note in kept.notes] == ["[stays held] A film poster.", "[released] Her own photo."]
    assert visit.post(f"{at}/items/{item}", {"ruling": "keep", "reason": "Again."}).status_code == 409


def test_states(console: Console, visit: Visit) -> None:
    """The state is changed to one of ours, and to nothing else."""
    case, _ = console.submit()
    assert visit.post(f"/console/cases/{case}/state", {"state": "closed"}).status_code == 303
    assert console.app.cases.view(case).state is CaseState.CLOSED
    assert visit.post(f"/console/cases/{case}/state", {"state": "gone"}).status_code == 400


@pytest.mark.parametrize("path", ["/console/cases/NOTHING", "/console/nothing", "/console/cases/a%2Fb"])
def test_nothing_there(visit: Visit, path: str) -> None:
    """An address that leads nowhere says so with a page."""
    answer = visit.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("payload", ["<script>window.hit=1</script>", '"><img src=x onerror=hit()>', "{{7*7}}%(x)s"])
def test_markup_stays_text(console: Console, visit: Visit, payload: str) -> None:
    """Whatever a person types is shown as they typed it and is never markup."""
    case, _ = console.submit(
        items=(made_up_item(9, label=payload),), links=(NewLink("https://e.org/x", payload),), narrative=payload,
        contact=payload, reporter=Reporter.FRIEND, representative=payload,
    )  # fmt: skip
    console.app.cases.send_message(case, payload)
    page = visit.get(f"/console/cases/{case}")
    assert "<script>" not in page.text
    assert "<img" not in page.text
    assert text_of(page).count(payload) >= 6


# --- accounts and ledger -------------------------------------------------------------------------------------------


def test_account_from_making_to_closing(console: Console) -> None:
    """An admin makes an account, passes the token on once, renews it, closes it; a name is not used twice."""
    admin = console.logged_in(console.staff(Role.ADMIN))
    made = admin.post("/console/staff", {"name": "gus", "role": "caseworker"})
    found = re.search(r'class="card key whole"><span>([\w-]+)</span>', made.text)
    assert found
    assert _set_up(console, found[1])[1].endswith("notice=ready")
    assert found[1] not in admin.get("/console/staff").text
    assert admin.post("/console/staff", {"name": "gus", "role": "caseworker"}).status_code == 409
    assert admin.post("/console/staff", {"name": "a/b", "role": "caseworker"}).status_code == 400
    assert admin.post("/console/staff", {"name": "hal", "role": "king"}).status_code == 400
    gus = next(each for each in console.app.staff.all() if each.name == "gus")
    assert "Set-up token for gus" in text_of(admin.post(f"/console/staff/{gus.id}/renew"))
    assert admin.post(f"/console/staff/{gus.id}/close").status_code == 303
    assert admin.post(f"/console/staff/{gus.id}/close").status_code == 404


def test_nobody_shuts_themselves_out(console: Console) -> None:
    """One's own account is neither closed nor renewed from the console."""
    staff = console.staff(Role.ADMIN)
    admin = console.logged_in(staff)
    assert admin.post(f"/console/staff/{staff.id}/close").status_code == 409
    assert admin.post(f"/console/staff/{staff.id}/renew").status_code == 409
    assert admin.get("/console/me").status_code == 200


def test_ledger_pages(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """An auditor reads all of the ledger, page by page, and no case."""
    from noli.web.console import own

    monkeypatch.setattr(own, "ENTRIES", 3)
    case, _ = console.submit()
    auditor = console.logged_in(console.staff(Role.AUDITOR))
    seen: list[int] = []
    address = "/console/ledger"
    while address:
        page = auditor.get(address).text
        seen += [int(number) for number in re.findall(r'class="number">(\d+)<', page)]
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1] if older else ""
    assert seen == list(range(seen[0], 0, -1))
    assert f'href="/console/cases/{case}"' not in auditor.get(f"/console/cases/{case}/ledger").text
    assert "Nothing was recorded" in text_of(auditor.get("/console/cases/NOTHING/ledger"))
    assert auditor.get("/console/ledger?before=-5").status_code == 200


def test_the_ledger_is_filtered(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a number on, by kind and by day; the filter stays from page to page, and what is none is refused."""
    from noli.web.console import own

    monkeypatch.setattr(own, "ENTRIES", 2)
    for _ in range(3):
        console.submit()
    auditor = console.logged_in(console.staff(Role.AUDITOR))

    def numbers(query: str) -> list[int]:
        return [
            int(each) for each in re.findall(r'class="number">(\d+)<', auditor.get(f"/console/ledger?{query}").text)
        ]

    assert numbers("number=3") == [3, 2]
    day, seen = console.clock.now().date(), []
    address = f"/console/ledger?number=&kind=case.opened&day={day}"
    while address:
        page = auditor.get(address).text
        assert '<option value="case.opened" selected>' in page
        seen += [int(number) for number in re.findall(r'class="number">(\d+)<', page)]
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    entries = console.app.ledger.page(kind="case.opened", day=day, limit=1000)
    assert seen == [each.sequence for each in entries]
    assert len(seen) >= 3
    assert numbers("day=1999-01-01") == []
    for wrong in ("number=x", "number=-1", "kind=none", "day=monday"):
        assert auditor.get(f"/console/ledger?{wrong}").status_code == 400


def test_console_can_be_left_out(tmp_path_factory: pytest.TempPathFactory) -> None:
    """An installation that does not serve the console has nothing at its addresses."""
    console = Console(tmp_path_factory.mktemp("without"), parts="intake,api")
    assert console.visit().get("/console/log-in").status_code == 404
    console.close()
