# SPDX-License-Identifier: Apache-2.0
"""``/c/exchanges``: the partners that we fetch from, to read; ``noli partner`` sets them up, for it knows of trust."""

from noli.base.errors import InputError, NotFound
from noli.exchange.model import Partner, PartnerState, Protocol, SyncStatus
from noli.web.api.operation import Call, Reply

# What HMA calls the protocols in which we fetch.
_APIS = {
    Protocol.NOLI: "noli",
    Protocol.STOPNCII: "stop_ncii",
    Protocol.NCMEC: "ncmec",
    Protocol.THREATEXCHANGE: "fb_threatexchange",
    Protocol.FILE: "local_file",
}


def names(call: Call) -> Reply:
    """List the names of partners that we fetch from."""
    return Reply.of([partner.name for partner in call.app.partners.all() if partner.source is not None])


def apis(_call: Call) -> Reply:
    """List the protocols in which we fetch."""
    return Reply.of(sorted(_APIS.values()))


def api(call: Call) -> Reply:
    """Say whether a protocol asks for a key; none is common to all partners that speak it."""
    return Reply.of(
        {"supports_authentification": _api(call) != _APIS[Protocol.FILE], "has_set_authentification": False}
    )


def schema(call: Call) -> Reply:
    """Say what setting up an exchange asks for: nothing, for that is not done here."""
    _api(call)
    return Reply.of({"config_schema": {"fields": []}, "credentials_schema": None})


def show(call: Call) -> Reply:
    """Read one."""
    partner = _fetched(call)
    enabled = partner.state is PartnerState.ACTIVE
    return Reply.of(
        {"name": partner.name, "api": _APIS.get(partner.protocol, partner.protocol.value), "enabled": enabled}
    )


def status(call: Call) -> Reply:
    """Say how fetching goes."""
    sync = call.app.partner_status.of(_fetched(call).name).sync
    succeeded = sync.succeeded_at
    return Reply.of(
        {
            "checkpoint_ts": None if succeeded is None else int(succeeded.timestamp()),
            "fetched_items": sync.counts.taken,
            "last_fetch_complete_ts": None if succeeded is None else int(succeeded.timestamp()),
            "last_fetch_succeeded": sync.status is SyncStatus.OK,
            "running_fetch_start_ts": None,
            "up_to_date": sync.status is SyncStatus.OK,
        }
    )


def _api(call: Call) -> str:
    name = call.path["api"]
    if name not in _APIS.values():
        msg = f"We fetch in no such protocol; there are {', '.join(sorted(_APIS.values()))}."
        raise InputError(msg)
    return name


def _fetched(call: Call) -> Partner:
    partner = call.app.partners.get(call.path["exchange"])
    if partner.source is None:
        msg = f"Nothing is fetched from {partner.name!r}."
        raise NotFound(msg)
    return partner
