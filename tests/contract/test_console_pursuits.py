# SPDX-License-Identifier: Apache-2.0
"""The console's pages about requests to others: what they show, what their forms do, what they refuse."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from noli.access.model import Role
from noli.casework.model import NewLink
from noli.pursuit.commands import NoteReply
from noli.pursuit.model import PursuitId, ReplyKind, Rung
from noli.regimes.model import Filer
from noli.web.console.words import DECLARATIONS
from tests.support.console import Console, Visit, text_of
from tests.support.pursuit import ALL, START, FakeMailer

PAYLOAD = '"><script>window.hit=1</script>{{ 7*7 }}'


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation with a mail server that only keeps."""
    made = Console(tmp_path_factory.mktemp("console"))
    made.clock.time = START
    made.app.pursuits._mailer = FakeMailer()
    yield made
    made.close()


@pytest.fixture
def visit(console: Console) -> Visit:
    """A caseworker who is logged in."""
    return console.logged_in(console.staff(Role.CASEWORKER))


def _replied(console: Console, pursuit: PursuitId, **more: object) -> None:
    service = console.app.pursuits
    given: dict[str, object] = {
        "number": 1, "kind": ReplyKind.ANSWER, "expected": False, "sender": "abuse@evil.example", "subject": "Re",
        "text": PAYLOAD, "message_id": "<1@evil>", "attachments": 2, "cut": True, **more,
    }  # fmt: skip
    with service.store.transaction(write=True) as transaction:
        reply = NoteReply(**given)  # type: ignore[arg-type] # tests name the fields
        service.apply(transaction, service.load(transaction, pursuit), [reply], actor="system")


def test_from_a_case_to_who_is_responsible(console: Console, visit: Visit) -> None:
    """One site leads to its pursuit, several back to the case, which then lists them; the choice of content is kept."""
    case, _ = console.submit()
    answer = visit.post(f"/console/cases/{case}/pursuits", {"content": "synthetic"})
    assert answer.headers["location"].startswith("/console/pursuits/")
    page = visit.get(answer.headers["location"])
    said = text_of(page)
    for text in (
        "Looked up who is responsible",
        "Racks GmbH",
        "hosting provider",
        "Names Ltd",
        "Google Search",
        "unverified",
    ):
        assert text in said
    assert DECLARATIONS[ALL_FIRST] in said
    many, _ = console.submit(links=(NewLink("https://a.example/1"), NewLink("https://b.example/1")))
    assert visit.post(f"/console/cases/{many}/pursuits").headers["location"].startswith(f"/console/cases/{many}")
    assert text_of(visit.get(f"/console/cases/{many}")).count("Pursuit") == 2


ALL_FIRST = next(iter(DECLARATIONS))


def test_the_list_has_an_empty_state_filters_and_pages(console: Console, visit: Visit) -> None:
    """By state; a state that does not exist is refused; what is gone stands in its own list."""
    assert "Nothing is pursued here" in text_of(visit.get("/console/pursuits?state=done"))
    pursuit = console.pursuit()
    assert pursuit[:8] in text_of(visit.get("/console/pursuits?state=waiting"))
    assert visit.get("/console/pursuits?state=none").status_code == 400
    assert visit.get(f"/console/pursuits?after={pursuit}").status_code == 200


def test_a_letter_is_written_read_and_sent(console: Console, visit: Visit) -> None:
    """What is lacking is asked for in plain words; complete, it can be edited, is queued, and cannot be sent twice."""
    pursuit = console.pursuit(ALL)
    at = f"/console/pursuits/{pursuit}"
    visit.post(f"{at}/requests", {"rung": "site", "law": "us-take-it-down"})
    assert "The law asks for more: Please confirm" in text_of(visit.get(at))
    form = {
        "rung": "host",
        "name": "Racks GmbH",
        "law": "us-take-it-down",
        "language": "de",
        "reasons": "Wegen § 201a.",
    }
    assert visit.post(f"{at}/requests", form).status_code == 303
    assert "Sehr geehrte" in visit.get(at).text
    service = console.app.pursuits
    service.draft(pursuit, Rung.HOST, wishes=ALL, actor="staff:ada")
    page = visit.get(at)
    assert "Send by mail" in page.text
    assert visit.post(f"{at}/requests/4", {"do": "send", "text": "My own words."}).status_code == 303
    with service.store.transaction() as transaction:
        assert service.load(transaction, pursuit).requests[3].mails[0].text == "My own words."
    assert visit.post(f"{at}/requests/4", {"do": "send", "text": "Again."}).status_code == 409
    assert "on its way" in text_of(visit.get(at))


def test_forms_and_outcomes_are_noted(console: Console, visit: Visit) -> None:
    """Sent by hand, answered, read, added to, refused: each is on the page, and the next step is proposed."""
    pursuit = console.pursuit(ALL)
    at = f"/console/pursuits/{pursuit}"
    visit.post(f"{at}/requests/1", {"do": "by-hand"})
    assert "sent" in text_of(visit.get(at))
    _replied(console, pursuit)
    page = visit.get(at)
    assert "<script>window" not in page.text
    said = text_of(page)
    for text in ("from another address", "The mail was longer", "2 attachments were left in the mailbox", "{{ 7*7 }}"):
        assert text in said
    visit.post(f"{at}/requests/1", {"do": "read"})
    visit.post(f"{at}/requests/1", {"do": "refused"})
    said = text_of(visit.get(at))
    assert "Next step: registrar" in said
    assert "They refuse" in said
    visit.post(f"{at}/requests", {"rung": "registrar"})
    visit.post(f"{at}/requests/2", {"do": "drop"})
    for form, status in (({"do": "none"}, 400), ({"do": "removed"}, 409)):
        assert visit.post(f"{at}/requests/1", form).status_code == status
    for number in ("9", "x"):
        assert visit.post(f"{at}/requests/{number}", {"do": "drop"}).status_code == 404


def test_a_request_for_a_form_stands_in_parts(console: Console, visit: Visit) -> None:
    """Each field of a form has its own; without scripts they are text and no button is seen; others have the letter."""
    pursuit = console.pursuit(ALL)
    at = f"/console/pursuits/{pursuit}"
    assert "data-copy" not in visit.get(at).text
    visit.post(f"{at}/parties", {"rung": "cdn", "name": "Edge", "address": "https://edge.example/form"})
    service = console.app.pursuits
    service.draft(pursuit, Rung.CDN, wishes=ALL, actor="staff:ada")
    page = visit.get(at)
    assert "Helpline Example" in page.text.partition('id="part-2-4"')[2][:60]
    assert page.text.count("data-copy=") == page.text.count('type="button" hidden data-copy=') == 5
    service.draft(pursuit, Rung.CDN, wishes=replace(ALL, filer=Filer.SELF), actor="staff:ada")
    own = visit.get(at).text.partition('id="request-3"')[2].partition("</article>")[0]
    assert own.count("data-copy=") == 4


def test_somebody_can_be_named(console: Console, visit: Visit) -> None:
    """From the book, or by name and address; without either it is refused, and a payload stays text."""
    pursuit = console.pursuit()
    at = f"/console/pursuits/{pursuit}"
    visit.post(f"{at}/parties", {"addressee": "mastercard"})
    visit.post(f"{at}/parties", {"rung": "cdn", "name": PAYLOAD, "address": "abuse@edge.example"})
    page = visit.get(at)
    assert "Mastercard" in page.text
    assert "<script>window" not in page.text
    refused = visit.post(f"{at}/parties", {"rung": "none", "name": "x", "address": "y"})
    assert refused.status_code == 400
    assert at in refused.text
    assert visit.post(f"{at}/requests", {"rung": "host", "law": "none"}).status_code == 404


def test_an_erased_case_leaves_a_page_without_anything(console: Console, visit: Visit) -> None:
    """Neither names nor forms are left, in both languages."""
    pursuit = console.pursuit(ALL)
    service = console.app.pursuits
    with service.store.transaction() as transaction:
        case = service.load(transaction, pursuit).case
    console.app.cases.request_withdrawal(case, erase=True)
    said = text_of(visit.get(f"/console/pursuits/{pursuit}"))
    assert "(destroyed)" in said
    assert "Racks" not in said
    german = console.logged_in(console.staff(Role.CASEWORKER), language="de")
    assert "(vernichtet)" in text_of(german.get(f"/console/pursuits/{pursuit}"))


def test_an_evidence_package_is_made_and_taken_along(console: Console, visit: Visit) -> None:
    """A click makes one in the chosen language, the page lists it, it is downloaded whole; once erased it is gone."""
    case, _ = console.submit()
    address = f"/console/cases/{case}"
    assert "Make an evidence package" in text_of(visit.get(address))
    answer = visit.post(f"{address}/evidence", {"language": "de", "hashes": "yes"})
    assert answer.headers["location"].startswith(address)
    [made] = console.app.evidence.packages(case)
    assert (made.language, made.with_hashes) == ("de", True)
    page = visit.get(answer.headers["location"])
    assert "The evidence package was made." in text_of(page)
    assert f"{address}/evidence/{made.digest}" in page.text
    taken = visit.get(f"{address}/evidence/{made.digest}")
    assert taken.headers["content-disposition"] == f'attachment; filename="evidence-{made.digest[:16]}.zip"'
    assert taken.headers["content-type"] == "application/zip"
    assert len(taken.content) == made.size
    assert visit.post(f"{address}/evidence", {"language": "xx"}).status_code == 400
    console.app.cases.request_withdrawal(case, erase=True)
    after = visit.get(address)
    assert "Make an evidence package" not in text_of(after)
    assert made.digest[:8] in text_of(after)
    assert visit.get(f"{address}/evidence/{made.digest}").status_code == 409
