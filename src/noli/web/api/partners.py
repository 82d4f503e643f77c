# SPDX-License-Identifier: Apache-2.0
"""How exchange with partners goes, for the operator's programs. What is agreed is changed on the command line alone."""

from datetime import datetime

import msgspec

from noli.bank.model import Action
from noli.exchange.model import PartnerState, Protocol, SyncStatus
from noli.exchange.status import PartnerStatus
from noli.web.api.operation import Call


class TakesOut(msgspec.Struct):
    """What is taken from a partner."""

    theirs: str
    bank: str
    at_most: Action


class RefusedOut(msgspec.Struct):
    """A record that could not be used."""

    at: datetime
    reference: str
    reason: str


class PartnerOut(msgspec.Struct):
    """A partner, what is agreed with it, and how it goes."""

    name: str
    protocol: Protocol
    state: PartnerState
    honours_withdrawal: bool
    per_hour: int
    doubts_per_hour: int
    shares: list[str]
    takes: list[TakesOut]
    status: SyncStatus
    reason: str
    attempted_at: datetime | None
    succeeded_at: datetime | None
    next_at: datetime | None
    failures: int
    taken: int
    withdrawn: int
    held: int
    held_doubts: int
    refused: int
    #: Records of types that are not taken.
    skipped: int
    newest_refused: list[RefusedOut]
    confirmed: int
    behind: int


class PartnerList(msgspec.Struct):
    """All partners."""

    partners: list[PartnerOut]


def page(call: Call) -> PartnerList:
    """List partners by name."""
    return PartnerList([_shown(each) for each in call.app.partner_status.all()])


def show(call: Call) -> PartnerOut:
    """Read one."""
    return _shown(call.app.partner_status.of(call.path["partner"]))


def _shown(each: PartnerStatus) -> PartnerOut:
    partner, sync = each.partner, each.sync
    return PartnerOut(
        name=partner.name,
        protocol=partner.protocol,
        state=partner.state,
        honours_withdrawal=partner.honours_withdrawal,
        per_hour=partner.per_hour,
        doubts_per_hour=partner.doubts_per_hour,
        shares=list(partner.shares),
        takes=[TakesOut(one.remote, one.bank, one.at_most) for one in partner.imports],
        status=sync.status,
        reason=sync.reason,
        attempted_at=sync.attempted_at,
        succeeded_at=sync.succeeded_at,
        next_at=sync.next_at,
        failures=sync.failures,
        taken=sync.counts.taken,
        withdrawn=sync.counts.withdrawn,
        held=each.held,
        held_doubts=each.held_doubts,
        refused=sync.counts.refused,
        skipped=sync.counts.skipped,
        newest_refused=[RefusedOut(bad.at, bad.reference, bad.reason) for bad in each.refused],
        confirmed=each.confirmed,
        behind=each.behind,
    )
