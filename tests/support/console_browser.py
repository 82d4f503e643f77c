# SPDX-License-Identifier: Apache-2.0
"""Chromium in front of the console of a real server, with whom it takes: staff with an authenticator, a person.

The person's side goes through the same App that the server is made of, over the same database.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp

from noli.access.model import Role, SessionKind
from noli.app import App, load_config
from noli.base.clock import SystemClock
from noli.casework import work
from noli.casework.model import AgeAnswer, CaseId, Receipt
from noli.notices.model import Notice, NoticeId
from tests.support.axe import RULES, violations
from tests.support.casework import submission
from tests.support.console import PASSWORD
from tests.support.looks import wrong_with
from tests.support.notices import complete, content
from tests.support.server import PATIENCE_S, Server

_SETTINGS: dict[str, Any] = {"proof_of_work_bits": 1, "password_memory_mib": 8, "submissions_per_hour": 100_000}


# What a browser of somebody who reads a language says of them.
_LOCALES = {"en": "en-GB", "de": "de-DE"}


class Installation:
    """A server in a process of its own, and an App over the same data for the person's side."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = {**_SETTINGS, **settings}
        self.server = Server(folder, **self.settings)
        self.address = str(self.server.client.base_url)
        self.app = App.open(load_config({"data": folder, **self.settings}))
        self.app.indexes.load(self.app.store)
        self.made = 0

    def create(self, name: str, role: str) -> str:
        """Make an account as the command line does; returns the set-up token."""
        return self.app.staff.create(name, Role(role))[1]

    def seat(self, browser: Any, name: str, role: Role, *, host: str = "127.0.0.1", language: str = "en") -> "Seat":
        """Return a new member of staff who is logged in, without the ways of setting up and logging in."""
        staff = self.app.staff
        _, token = staff.create(name, role)
        code = pyotp.TOTP(staff.enrolment(token).secret).at(SystemClock().now())
        made = staff.set_up(token, password=PASSWORD, code=code)
        seat = Seat(browser, self.address.replace("127.0.0.1", host), {"locale": _LOCALES[language]})
        session = self.app.sessions.open(SessionKind.STAFF, made.id)
        seat.context.add_cookies([{"name": "k", "value": session.token, "url": seat.address}])
        return seat

    def submit(self, *items: Any, **more: Any) -> tuple[CaseId, Receipt]:
        """Send a case as the intake pages do."""
        intake = self.app.intake
        receipt = intake.submit(
            submission(*items, **more), token=intake.new_token(), proof=work.solve(intake.challenge()), caller=b"test"
        )
        return self.app.entrance.log_in(receipt.number, receipt.passphrase, caller=b"test").case, receipt

    def notice(self, **more: Any) -> NoticeId:
        """Take a notice in as the platform's program does: a complete one, unless told otherwise."""
        self.made += 1
        given = {"contents": (content(self.made),), "notifier": f"person-{self.made}", **more}
        with self.app.notices.writing() as transaction:
            new, platform = complete(**given), "key:platform"
            return self.app.notices.receive(transaction, new, age=AgeAnswer.ADULT, actor=platform)[0].id

    def notice_now(self, notice: NoticeId) -> Notice:
        """Read a notice as it is."""
        with self.app.notices.store.transaction() as transaction:
            return self.app.notices.load(transaction, notice)

    def close(self) -> None:
        """Stop it."""
        self.app.close()
        self.server.stop()


@dataclass
class Seat:
    """A member of staff at a browser of their own.

    Attributes:
        page: Playwright's page.
        complaints: What the browser's console, its policy and uncaught errors said, and dialogs that opened.
        requests: Addresses of everything that was asked for.
    """

    browser: Any
    address: str
    options: dict[str, Any] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted = {"locale": "en-GB", "viewport": {"width": 1440, "height": 900}, **self.options}
        self.context = self.browser.new_context(**wanted)
        self.context.set_default_timeout(1000 * PATIENCE_S)
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.context.on("request", lambda request: self.requests.append(request.url))

        def dismiss(dialog: Any) -> None:
            self.complaints.append(f"dialog {dialog.message}")
            dialog.dismiss()

        self.page.on("dialog", dismiss)
        self.totp: pyotp.TOTP | None = None

    def open(self, path: str) -> Any:
        """Go to a page."""
        return self.page.goto(self.address + path)

    def press(self, name: str) -> None:
        """Press a button by what stands on it."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def set_up(self, token: str) -> None:
        """Go through the set-up pages as somebody does who was given a token."""
        self.open("/console/set-up")
        self.page.locator("#token").fill(token)
        self.page.locator("main button").click()
        key = self.page.locator(".key").inner_text()
        self.totp = pyotp.TOTP(re.sub(r"\s", "", key))
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("#code").fill(self.totp.at(SystemClock().now()))
        self.page.locator("main button").click()
        self.page.wait_for_url("**/console/log-in?**")

    def log_in(self, name: str) -> None:
        """Log in with the code after the one that the set-up took."""
        assert self.totp is not None
        self.page.locator("#name").fill(name)
        self.page.locator("#password").fill(PASSWORD)
        self.page.locator("#code").fill(self.totp.at(SystemClock().now() + timedelta(seconds=30)))
        self.page.locator("main button.main").click()
        self.page.wait_for_url(re.compile(r"/console/(cases|notices|staff|ledger|me)"))

    def violations(self, *rules: str) -> list[str]:
        """Return what axe-core finds on the page: by all of its rules, or by these alone."""
        return violations(self.page, list(rules) or RULES)

    def wrong(self, name: str) -> list[str]:
        """Return what is wrong with how the page looks, at every width and in both themes."""
        return wrong_with(self.page, f"console/{name}")

    def close(self) -> None:
        """Close the browser's window."""
        self.context.close()
