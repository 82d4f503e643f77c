# SPDX-License-Identifier: Apache-2.0
"""What happens to hashes that a person let leave is kept step by step, and comes onto her timeline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from noli.app import App
from noli.base.config import Config
from noli.casework.model import CaseId, Recipient
from noli.exchange.model import NewPartner, Protocol
from tests.conftest import opened
from tests.support.casework import CALLER, FakeClock, made_up_item, submission


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    """An installation on each kind of database."""
    settings = Config(data=tmp_path, database_url=database_url, password_memory_mib=8, proof_of_work_bits=1)
    made = App(settings, opened(database_url, tmp_path), clock=FakeClock())
    made.indexes.load(made.store)
    yield made
    made.close()


def _case(app: App) -> CaseId:
    given = submission(made_up_item(1), made_up_item(2))
    token = app.intake.new_token()
    challenge = app.intake.challenge()
    from noli.casework import work

    receipt = app.intake.submit(given, token=token, proof=work.solve(challenge), caller=CALLER)
    return app.entrance.log_in(receipt.number, receipt.passphrase, caller=CALLER).case


def _lines(app: App, case: CaseId) -> list[str]:
    app.upkeep.record_shares()
    keys = [line.key for line in app.cases.view(case).timeline]
    return [key for key in keys if key.startswith(("share.", "withdrawal."))]


def test_the_person_sees_what_partners_were_given_and_said(app: App) -> None:
    """Given, confirmed by coming back, told of the withdrawal, and then honoured or not, for each partner by name."""
    case = _case(app)
    partners = [
        app.partners.add(NewPartner(name, protocol, shares=("intake",)))[0]
        for name, protocol in (("honours", Protocol.NOLI), ("keeps", Protocol.STOPNCII))
    ]
    assert [each.name for each in app.partners.recipients("intake")] == ["honours", "keeps"]
    checkpoints = {each.name: app.outgoing.page(each, after=0, limit=100).next for each in partners}
    assert _lines(app, case) == ["share.made", "share.made"]
    for each in partners:
        app.outgoing.page(each, after=checkpoints[each.name], limit=100)
    assert _lines(app, case)[2:] == ["share.confirmed", "share.confirmed"]
    app.clock.move(seconds=1)  # type: ignore[attr-defined] # the clock of the fixture
    app.cases.change_consent(case, Recipient.PARTNERS, given=False)
    for each in partners:
        page = app.outgoing.page(each, after=checkpoints[each.name], limit=100)
        assert {item.withdrawn for item in page.items} == {True}
        app.outgoing.page(each, after=page.next, limit=100)
    lines = _lines(app, case)[4:]
    assert sorted(lines) == ["withdrawal.confirmed", "withdrawal.refused", "withdrawal.told", "withdrawal.told"]
    shares = {share.recipient: share for share in app.cases.view(case).shares}
    assert shares["honours"].withdrawn_at is not None
    assert shares["keeps"].refused
