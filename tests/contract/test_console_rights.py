# SPDX-License-Identifier: Apache-2.0
"""Every role at every route of the console, made from the table of routes; and every form that is forged."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from noli.access.model import Role, Staff
from noli.bank.model import NewEntry, Opinion, OpinionKind, Provenance, entry_text
from noli.bank.service import register
from noli.casework.model import CaseId
from noli.exchange.model import NewPartner
from noli.notices import commands as c
from noli.notices.model import Measure
from noli.notices.records import PartyRole
from noli.regimes.model import Party
from noli.web.console.guard import ConsolePage
from noli.web.console.table import ENTRANCE, PAGES
from tests.support.casework import made_up_item
from tests.support.console import OURS, Console, text_of
from tests.support.notices import ruling

_ids = count()


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation for all pairs; each pair has a case and a colleague of its own."""
    made = Console(tmp_path_factory.mktemp("console"))
    made.submit()
    made.held_case()
    made.app.roots.sign()
    yield made
    made.close()


@pytest.fixture(scope="module")
def roles(console: Console) -> dict[Role, Staff]:
    """One member of staff a role."""
    return {role: console.staff(role) for role in Role}


# What each form needs to be accepted; a case or colleague of the test's own stands in the address.
FORMS: dict[str, Callable[[Console, str], dict[str, str]]] = {
    "/console/me/log-out-elsewhere": lambda *_: {},
    "/console/search": lambda *_: {"find": "0000-0000-0000"},
    "/console/cases/{case}/reply": lambda *_: {"text": "We are looking into it."},
    "/console/cases/{case}/note": lambda *_: {"text": "Called back."},
    "/console/cases/{case}/state": lambda *_: {"state": "waiting"},
    "/console/cases/{case}/take": lambda *_: {},
    "/console/cases/{case}/hand-over": lambda _, colleague: {"to": colleague, "note": "Please go on."},
    "/console/cases/{case}/step-aside": lambda *_: {},
    "/console/cases/{case}/items/{item}": lambda *_: {"ruling": "keep", "reason": "A poster."},
    "/console/me/sessions": lambda *_: {"session": "none"},
    "/console/me/passkeys": lambda *_: {"name": "Telephone", "challenge": "00", "answer": "{}"},
    "/console/me/passkeys/remove": lambda *_: {"passkey": "00"},
    "/console/me/recovery": lambda *_: {},
    "/console/me/comfort": lambda *_: {
        "most_looks": "10",
        "break_after_min": "30",
        "side_px": "160",
        "undo_s": "10",
        "blur": "1",
    },
    "/console/cases/{case}/evidence": lambda *_: {"language": "de"},
    "/console/cases/{case}/pursuits": lambda *_: {"content": "authentic"},
    "/console/pursuits/{pursuit}/look-up": lambda *_: {},
    "/console/pursuits/{pursuit}/parties": lambda *_: {"addressee": "visa"},
    "/console/pursuits/{pursuit}/requests": lambda *_: {"rung": "host", "law": "house-rules", "declared": "statement"},
    "/console/pursuits/{pursuit}/requests/{number}": lambda *_: {"do": "drop"},
    "/console/clocks": lambda console, colleague: {"clock": f"request:{console.pursuit()}", "to": colleague},
    "/console/notices/decide": lambda console, _: {
        "notice": console.notice(),
        "preset": "keep.not-intimate",
        "reason": "A landscape.",
    },
    "/console/notices/views": lambda *_: {"name": f"view {next(_ids) % 9}", "query": "show=mine&opening=request"},
    "/console/notices/views/forget": lambda *_: {"name": "view 1"},
    "/console/notices/{notice}/decide": lambda *_: {"preset": "remove.intimate-without-consent"},
    "/console/notices/{notice}/undo": lambda *_: {},
    "/console/notices/{notice}/take": lambda *_: {},
    "/console/notices/{notice}/hand-over": lambda *_: {"to": "nobody", "note": "Please go on."},
    "/console/notices/{notice}/step-aside": lambda *_: {},
    "/console/notices/{notice}/note": lambda *_: {"text": "Called back."},
    "/console/notices/{notice}/complaint": lambda *_: {"answer": "stands", "reason": "The evidence is clear."},
    "/console/notices/{notice}/contents/{content}/look": lambda *_: {},
    "/console/notices/{notice}/minor": lambda *_: {},
    "/console/notices/{notice}/erasure": lambda *_: {"step": "propose", "reason": "She asked for it."},
    "/console/notices/{notice}/report": lambda *_: {"reference": "R-1"},
    "/console/notices/{notice}/holds": lambda *_: {"rule": "Order 5", "reason": "The court asked.", "until": ""},
    "/console/notices/{notice}/holds/{hold}": lambda *_: {},
    "/console/records/{record}/flagger": lambda *_: {
        "authority": "Coordinator",
        "source": "https://example.org/list",
        "since": "2026-01-01",
        "until": "",
    },
    "/console/records/{record}/warning": lambda *_: {"reason": "Twice.", "language": "en"},
    "/console/records/{record}/hearing": lambda *_: {"text": "It was a mistake."},
    "/console/records/{record}/measure": lambda *_: {
        "measure": "restrict",
        "days": "9",
        "reason": "Three times.",
        "language": "en",
    },
    "/console/records/{record}/closing": lambda *_: {"step": "propose", "reason": "Again.", "language": "en"},
    "/console/records/{record}/complaints": lambda *_: {"text": "It was not me."},
    "/console/records/{record}/complaints/{complaint}": lambda *_: {"answer": "stands", "reason": "It was them."},
    "/console/records/{record}/lifting": lambda *_: {"reason": "It is over."},
    "/console/banks/{bank}/{entry}/withdrawal": lambda *_: {"reason": "A poster."},
    "/console/banks/{bank}/{entry}": lambda *_: {"kind": "disputed", "note": "A poster."},
    "/console/staff": lambda *_: {"name": f"new-{next(_ids)}", "role": "auditor"},
    "/console/staff/{staff}/renew": lambda *_: {},
    "/console/staff/{staff}/close": lambda *_: {},
}


def _name(page: ConsolePage) -> str:
    return f"{page.method} {page.path}"


def _address(console: Console, page: ConsolePage) -> tuple[str, dict[str, str]]:
    """Fill in an address and a form that would do something."""
    case = item = colleague = ""
    if "{case}" in page.path:
        case, item = console.held_case()
    if "{staff}" in page.path or page.path.endswith(("hand-over", "clocks")):
        colleague = console.staff(Role.CASEWORKER).id
    notice = _notice(console, page) if "{notice}" in page.path else ""
    form = FORMS[page.path](console, colleague) if page.method == "POST" else {}
    pursuit = console.pursuit() if "{pursuit}" in page.path else ""
    named = {"case": case, "item": item, "staff": colleague, "notice": notice, "pursuit": pursuit, "number": "1"}
    if "{package}" in page.path:
        named["package"] = console.app.evidence.capture(CaseId(case), actor="system")[0].digest
    if "{partner}" in page.path:
        named["partner"] = f"partner-{next(_ids)}"
        console.app.partners.add(NewPartner(named["partner"]))
    if "{record}" in page.path:
        named |= _record(console, page)
    one_each = _one_each(console)
    if page.path.endswith("withdrawal"):
        one_each["entry"] = _doubted(console)
    return page.path.format(**named, **one_each), form


def _doubted(console: Console) -> str:
    """Make an entry that somebody here called wrong."""
    now = console.app.clock.now()
    with console.app.store.transaction(write=True) as transaction:
        new = NewEntry(made_up_item(next(_ids)).hashes, Provenance("ada"))
        [(entry, _)] = register(transaction, "common", [new], now=now)
        transaction.add_opinion("common", Opinion(entry, "staff:ada", OpinionKind.FALSE_POSITIVE, "No.", now))
    return entry_text(entry)


def _one_each(console: Console) -> dict[str, str]:
    with console.app.store.transaction() as transaction:
        entry = entry_text(transaction.entries("common", limit=1)[0].id)
    return {"bank": "common", "entry": entry, "sequence": "1", "content": "2", "hold": "1"}


def _record(console: Console, page: ConsolePage) -> dict[str, str]:
    """Make a record for which a form makes sense: somebody who was warned, heard and suspended, as far as it needs."""
    last = page.path.rpartition("/")[2]
    if last == "flagger":
        return {"record": console.record(role=PartyRole.NOTIFIER).id}
    made = console.record(
        warned=last != "warning",
        measured=last in {"closing", "complaints", "{complaint}", "lifting"},
        contested=last == "{complaint}",
    )
    return {"record": made.id, "complaint": str(made.complaints[-1].number) if made.complaints else ""}


def _notice(console: Console, page: ConsolePage) -> str:
    """Make a notice for which a form makes sense: with a complaint to decide, or a suspicion to report."""
    notice, service = console.notice(), console.app.notices
    with service.writing() as transaction:
        if page.path.endswith("complaint"):
            service.rule(transaction, notice, ruling(Measure.KEEP), actor="key:platform")
            service.complain(transaction, notice, side=Party.NOTIFIER, text="No.", actor="person")
        if page.path.endswith("report"):
            service.act(transaction, notice, [c.SuspectMinor("somebody")], actor="key:platform")
    return notice


def test_every_form_is_walked() -> None:
    """A form that is added to the table is added to these tests."""
    assert {page.path for page in PAGES if page.method == "POST"} == set(FORMS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_role_at_route(console: Console, roles: dict[Role, Staff], page: ConsolePage, role: Role) -> None:
    """A role with the right gets what it asked for, every other one a page that says no."""
    address, form = _address(console, page)
    visit = console.logged_in(roles[role])
    answer = visit.get(address) if page.method == "GET" else visit.post(address, form)
    if page.opens_to(role):
        assert answer.status_code in {200, 303}, text_of(answer)
    else:
        assert answer.status_code == 403
        assert "Your role does not allow this" in text_of(answer)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_nobody_at_route(console: Console, page: ConsolePage) -> None:
    """Without a session reading leads to the log-in page, and sending changes nothing."""
    address, form = _address(console, page)
    answer = console.visit().get(address) if page.method == "GET" else console.visit().post(address, form)
    if page.method == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/console/log-in?then=%2Fconsole")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("page", [page for page in PAGES if page.method == "POST"], ids=_name)
def test_forged_form(console: Console, roles: dict[Role, Staff], page: ConsolePage) -> None:
    """A form without the session's secret, with another's, or sent by another site is refused and does nothing."""
    allowed = next(role for role in Role if page.opens_to(role))
    visit = console.logged_in(roles[allowed])
    address, form = _address(console, page)
    other = console.logged_in(roles[allowed]).csrf
    before = console.app.ledger.page(limit=1)
    assert visit.post(address, {**form, "csrf": ""}).status_code == 403
    assert visit.post(address, {**form, "csrf": other}).status_code == 403
    assert visit.post(address, form, sec_fetch_site="cross-site").status_code == 403
    assert visit.post(address, form, sec_fetch_site="same-site").status_code == 403
    assert console.app.ledger.page(limit=1) == before


@pytest.mark.parametrize("path", [each.path for each in ENTRANCE if each.method == "POST"])
def test_forged_form_before_log_in(console: Console, path: str) -> None:
    """Nobody is logged in, set up or logged out by a form of another site."""
    visit = console.visit()
    visit.learn(visit.get("/console/log-in"))
    forged = {"origin": "https://elsewhere.example", "sec_fetch_site": "cross-site"}
    assert visit.post(path, {"name": "x", "password": "x", "code": "000000", "token": "x"}, **forged).status_code == 403


def test_form_without_the_cookie_before_log_in(console: Console) -> None:
    """A log-in form is taken only from the browser that it was shown to."""
    shown, other = console.visit(), console.visit()
    shown.learn(shown.get("/console/log-in"))
    other.csrf = shown.csrf
    answer = other.post("/console/log-in", {"name": "x", "password": "x", "code": "000000"})
    assert answer.status_code == 403
    assert "open for too long" in text_of(answer)


def test_older_browser(console: Console, roles: dict[Role, Staff]) -> None:
    """A browser that does not say which site a form is from is judged by its origin."""
    visit = console.logged_in(roles[Role.LEAD])
    headers = {"origin": "https://elsewhere.example"}
    answer = visit._ask("POST", "/console/me/log-out-elsewhere", headers, data={"csrf": visit.csrf})
    assert answer.status_code == 403
    headers = {"origin": OURS["origin"]}
    answer = visit._ask("POST", "/console/me/log-out-elsewhere", headers, data={"csrf": visit.csrf})
    assert answer.status_code == 303
