# SPDX-License-Identifier: Apache-2.0
"""The console in one process: a real App on SQLite, a clock that tests move, and visitors who keep cookies."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pyotp
from starlette.types import ASGIApp

from noli.access.model import Role, SessionKind, Staff
from noli.app import App
from noli.bank.model import Action, BankPolicy, NewEntry, Provenance
from noli.bank.service import create_bank, register
from noli.base.config import Config
from noli.casework import work
from noli.casework.model import AgeAnswer, CaseId, NewItem, NewLink, Receipt
from noli.notices import records as r
from noli.notices.model import Because, Ground, Notice, NoticeId
from noli.notices.records import PartyRole
from noli.pursuit.model import PursuitId, Rung, Wishes
from noli.web.asgi import create_asgi
from tests.conftest import opened
from tests.support.casework import FakeClock, made_up_item, submission
from tests.support.notices import complete, content
from tests.support.pursuit import ALL, FakeTracer

PASSWORD = "five quiet rivers run south"
HOST = "http://localhost"

# What a browser says of a form that one of our own pages sent.
OURS = {"origin": HOST, "sec-fetch-site": "same-origin"}


class Visit:
    """Somebody at a browser: keeps cookies, follows nothing by itself."""

    def __init__(self, asgi: ASGIApp, *, token: str = "", csrf: str = "", language: str = "en") -> None:
        self._asgi = asgi
        self.csrf = csrf
        self.cookies = httpx.Cookies()
        self.language = language
        if token:
            self.cookies.set("k", token)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._ask("GET", path, headers=headers)

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """Send a form with what makes it one of ours, unless the fields say otherwise."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._ask("POST", path, data={"csrf": self.csrf, **(fields or {})}, headers={**OURS, **given})

    def learn(self, answer: httpx.Response) -> httpx.Response:
        """Take the secret of forms from a page."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', answer.text)
        assert found, answer.text
        self.csrf = found[1]
        return answer

    def _ask(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._asgi, client=("203.0.113.9", 5))
            async with httpx.AsyncClient(transport=transport, base_url=HOST, cookies=self.cookies) as client:
                sent = {"accept": "text/html", "accept-language": self.language, **headers}
                answer = await client.request(method, path, headers=sent, **more)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())


@dataclass
class Console:
    """One installation with its console."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    parts: str = "intake,api,console"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = Config(
            data=self.folder,
            parts=self.parts,
            password_memory_mib=8,
            proof_of_work_bits=1,
            submissions_per_hour=100_000,
            organisation="Helpline Example",
            mail_from="requests@helpline.example",
            **self.settings,
        )
        self.app = App(config, opened("", self.folder), clock=self.clock)
        self.app.indexes.load(self.app.store)
        # Nobody is asked outside.
        self.app.pursuits._tracer = FakeTracer()
        self.asgi = create_asgi(self.app)
        self._made = 0

    def visit(self, language: str = "en") -> Visit:
        """Return somebody who is not logged in."""
        return Visit(self.asgi, language=language)

    def staff(self, role: Role, name: str = "") -> Staff:
        """Make an account that is set up."""
        self._made += 1
        _, token = self.app.staff.create(name or f"{role}-{self._made}", role)
        return self.app.staff.set_up(token, password=PASSWORD, code=self.code(token))

    def code(self, token: str) -> str:
        """Return the current one-time code of somebody who has this set-up token."""
        return self.code_of(self.app.staff.enrolment(token).secret)

    def code_of(self, secret: str) -> str:
        """Return the current one-time code of a secret."""
        return pyotp.TOTP(secret).at(self.clock.now())

    def logged_in(self, staff: Staff, *, language: str = "en") -> Visit:
        """Return a member of staff with a session."""
        session = self.app.sessions.open(SessionKind.STAFF, staff.id)
        return Visit(self.asgi, token=session.token, csrf=session.csrf, language=language)

    def submit(self, **more: Any) -> tuple[CaseId, Receipt]:
        """Open a case as the intake pages do, with a picture and a link unless told otherwise."""
        self._made += 1
        given: dict[str, Any] = {"links": (NewLink(f"https://example.org/{self._made}"),), **more}
        items = given.pop("items", (made_up_item(self._made),))
        receipt = self.app.intake.submit(
            submission(*items, **given),
            token=self.app.intake.new_token(),
            proof=work.solve(self.app.intake.challenge()),
            caller=b"caller",
        )
        entered = self.app.entrance.log_in(receipt.number, receipt.passphrase, caller=b"caller")
        return entered.case, receipt

    def notice(self, **more: Any) -> NoticeId:
        """Take a notice in as the platform's program does: a complete one, unless told otherwise."""
        self._made += 1
        given = {"contents": (content(self._made),), "notifier": f"person-{self._made}", **more}
        with self.app.notices.writing() as transaction:
            made, _ = self.app.notices.receive(
                transaction, complete(**given), age=AgeAnswer.ADULT, actor="key:platform"
            )
        return made.id

    def notice_now(self, notice: NoticeId) -> Notice:
        """Read a notice as it is."""
        with self.app.notices.store.transaction() as transaction:
            return self.app.notices.load(transaction, notice)

    def record(
        self,
        role: PartyRole = PartyRole.UPLOADER,
        *,
        warned: bool = False,
        measured: bool = False,
        contested: bool = False,
    ) -> r.PartyRecord:
        """Open a record of somebody with something found against them, as far in due process as asked."""
        self._made += 1
        service, why = self.app.notices, Because("They went on.", "Terms, 4", "somebody")
        until = self.clock.now() + timedelta(days=30)
        steps: list[r.Command] = [r.NoteConduct(NoticeId(f"MADEUP{self._made}"), Ground.INTIMATE)]
        steps += [r.WarnParty(why), r.HearParty("Sorry.")] if warned or measured else []
        steps += [r.SuspendParty(why, until)] if measured else []
        # Once more, so that the account may be closed.
        steps += [r.WarnParty(why), r.HearParty("Sorry again.")] if measured else []
        steps += [r.ContestMeasure("It was not me.")] if contested else []
        with service.writing() as transaction:
            made = [
                service.keep_record(transaction, role, f"user-{self._made}", each, actor="key:platform")
                for each in steps
            ]
        return made[-1]

    def pursuit(self, wishes: Wishes = ALL) -> PursuitId:
        """Pursue the links of a new case, and draft a request; registries are made up."""
        service = self.app.pursuits
        [opened_] = service.open(self.submit()[0], actor="staff:ada")
        service.look_up(opened_.id, actor="staff:ada")
        return service.draft(opened_.id, Rung.HOST, wishes=wishes, actor="staff:ada").id

    def held_case(self) -> tuple[CaseId, str]:
        """Open a case with a held item; returns both ids."""
        self._made += 1
        item = made_up_item(1_000_000 + self._made)
        make_common(self.app, item)
        case, _ = self.submit(items=(item,))
        return case, self.app.cases.view(case).items[0].id

    def close(self) -> None:
        """Stop it."""
        self.app.close()


def make_common(app: App, item: NewItem) -> None:
    """Make a picture one that many people have, so that items near it are held."""
    now = app.clock.now()
    with app.store.transaction(write=True) as transaction:
        if not any(bank.name == "common" for bank in transaction.banks()):
            create_bank(transaction, "common", BankPolicy(Action.REVIEW, negative=True), now=now)
        register(transaction, "common", [NewEntry(item.hashes[:1], Provenance("test"))], now=now)
    app.catch_up()


def text_of(answer: httpx.Response) -> str:
    """Return what a page says, without its tags."""
    body = re.sub(r"(?s)<(script|style).*?</\1>", " ", answer.text)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
