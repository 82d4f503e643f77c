# SPDX-License-Identifier: Apache-2.0
"""Entries and partners in the console: withdrawing takes two, what is doubted or gone is listed, a partner's page."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from noli.access.model import Role
from noli.bank.model import (
    Action,
    BankPolicy,
    EntryState,
    NewEntry,
    Opinion,
    OpinionKind,
    Provenance,
    entry_text,
)
from noli.bank.service import create_bank, register
from noli.exchange.model import Bad, NewPartner, PartnerReceipt, SyncState, SyncStatus
from tests.support.casework import made_up_item
from tests.support.console import Console, text_of


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One installation with one bank."""
    made = Console(tmp_path_factory.mktemp("console"))
    with made.app.store.transaction(write=True) as transaction:
        create_bank(transaction, "hers", BankPolicy(Action.REVIEW), now=made.clock.now())
    yield made
    made.close()


def test_withdrawing_an_entry_takes_two(console: Console) -> None:
    """Somebody says that it is wrong, a lead who did not withdraws it with a reason; then it is on record as gone."""
    now = console.clock.now()
    with console.app.store.transaction(write=True) as transaction:
        new = [NewEntry(made_up_item(number).hashes, Provenance("helpline")) for number in (1, 2)]
        [(entry, _), (other, _)] = register(transaction, "hers", new, now=now)
    at, shown = f"/console/banks/hers/{entry_text(entry)}", entry_text(entry)
    lead, second = (console.logged_in(console.staff(Role.LEAD)) for _ in range(2))
    mona = console.logged_in(console.staff(Role.MODERATOR))
    assert "Nobody else has said yet" in text_of(lead.get(at))
    assert lead.post(f"{at}/withdrawal", {"reason": "A poster."}).status_code == 409
    assert lead.post(at, {"kind": "disputed", "note": "A poster."}).status_code == 303
    assert lead.post(f"{at}/withdrawal", {"reason": "A poster."}).status_code == 409
    doubted = text_of(mona.get("/console/banks/hers?show=doubted"))
    assert shown in doubted
    assert entry_text(other) not in doubted
    assert "None here" in text_of(mona.get("/console/banks/hers?show=withdrawn"))
    assert "Withdraw it" not in text_of(mona.get(at))
    assert mona.post(f"{at}/withdrawal", {"reason": "A poster."}).status_code == 403
    assert second.post(f"{at}/withdrawal", {"reason": " "}).status_code == 400
    answer = second.post(f"{at}/withdrawal", {"reason": "It is a poster."})
    assert answer.status_code == 303
    assert "It is a poster." in text_of(mona.get(at))
    with console.app.store.transaction() as transaction:
        assert transaction.entry("hers", entry).state is EntryState.WITHDRAWN
    assert second.post(f"{at}/withdrawal", {"reason": "Again."}).status_code == 409
    assert shown in text_of(mona.get("/console/banks/hers?show=withdrawn"))
    assert "None here" in text_of(mona.get("/console/banks/hers?show=doubted"))
    assert mona.get("/console/banks/hers?show=none").status_code == 400


def test_a_partner_has_a_page(console: Console) -> None:
    """What came and went, what it thinks, what it confirmed, what could not be used; the list leads there."""
    visit, now = console.logged_in(console.staff(Role.AUDITOR)), console.clock.now()
    app, name = console.app, "helpline-vienna"
    app.partners.add(NewPartner(name))
    assert "It has confirmed nothing yet" in text_of(visit.get(f"/console/partners/{name}"))
    with app.store.transaction(write=True) as transaction:
        new = NewEntry(made_up_item(7).hashes, Provenance("helpline"))
        [(entry, _)] = register(transaction, "hers", [new], now=now)
        opinion = Opinion(entry, f"partner:{name}", OpinionKind.DISPUTED, "Ours differs.", now)
        transaction.add_opinion("hers", opinion)
    with app.partner_status._store.transaction(write=True) as transaction:
        partner = transaction.partner(name)
        transaction.add_receipt(partner.id, PartnerReceipt(now, 5, "e"))
        transaction.quarantine(partner.id, [Bad("H-1", "It is no hash.")], now=now)
        late = SyncState(status=SyncStatus.UNREACHABLE, reason="Connection refused.", failures=3,
                         attempted_at=now, succeeded_at=now - timedelta(days=1))  # fmt: skip
        transaction.keep_sync_state(partner.id, late)
    listed = visit.get("/console/partners")
    address = listed.text.partition('href="/console/partners/')[2].partition('"')[0]
    said = text_of(visit.get(f"/console/partners/{address}"))
    for text in ("Ours differs.", "everything up to step 5", "It is no hash.", "It did not answer the last time", name):
        assert text in said
    assert visit.get("/console/partners/nobody").status_code == 404
