# SPDX-License-Identifier: Apache-2.0
"""The table of the console's routes: what there is to open, and which right it takes.

The router is made from it, and so is the test that walks every role through every route.
"""

from collections.abc import Callable

from noli.access.model import Right
from noli.web.api.operation import Call, Kind, Operation, Part, Reply
from noli.web.console import accounts, cases, entrance, own, work
from noli.web.console.guard import LOG_IN, ConsolePage, LanguageQuery
from noli.web.html import render

_CASE = "/console/cases/{case}"
_STAFF = "/console/staff/{staff}"

#: Pages and forms of those who logged in.
PAGES: tuple[ConsolePage, ...] = (
    ConsolePage(method="GET", path="/console", handler=own.start, summary="Lead to where a role begins.",
                query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/me", handler=own.me, summary="The own account.", query=own.PlainQuery),
    ConsolePage(method="POST", path="/console/me/log-out-elsewhere", handler=own.log_out_elsewhere,
                summary="Log out everywhere else."),
    ConsolePage(method="GET", path="/console/help", handler=own.help_page, summary="Keys, roles, what is recorded.",
                query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/cases", handler=cases.list_page, summary="List cases.",
                right=Right.LIST_CASES, query=cases.ListQuery),
    ConsolePage(method="POST", path="/console/find", handler=cases.find, summary="Find a case by its number.",
                right=Right.LIST_CASES),
    ConsolePage(method="GET", path=_CASE, handler=cases.case_page, summary="Open a case; the ledger says so.",
                right=Right.VIEW_CASES, query=cases.CaseQuery),
    ConsolePage(method="POST", path=f"{_CASE}/reply", handler=work.reply, summary="Write to the person.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/note", handler=work.note, summary="Write for colleagues.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/state", handler=work.set_state, summary="Change the state.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/take", handler=work.take, summary="Take a case.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/hand-over", handler=work.hand_over, summary="Hand a case over.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/items/{{item}}", handler=work.rule, summary="Decide on a held item.",
                right=Right.LEAD_CASES),
    ConsolePage(method="GET", path=f"{_CASE}/ledger", handler=own.views, summary="Who opened and changed a case.",
                right=Right.READ_LEDGER, query=own.LedgerQuery),
    ConsolePage(method="GET", path="/console/ledger", handler=own.ledger, summary="Read the ledger.",
                right=Right.READ_LEDGER, query=own.LedgerQuery),
    ConsolePage(method="GET", path="/console/staff", handler=accounts.list_page, summary="List accounts.",
                right=Right.MANAGE_STAFF, query=accounts.StaffQuery),
    ConsolePage(method="POST", path="/console/staff", handler=accounts.create, summary="Make an account.",
                right=Right.MANAGE_STAFF),
    ConsolePage(method="POST", path=f"{_STAFF}/renew", handler=accounts.renew, summary="Renew an account.",
                right=Right.MANAGE_STAFF),
    ConsolePage(method="POST", path=f"{_STAFF}/close", handler=accounts.close, summary="Close an account.",
                right=Right.MANAGE_STAFF),
)  # fmt: skip


def _entrance(
    method: str, path: str, handler: Callable[[Call], Reply], summary: str, query: type | None = None
) -> Operation:
    return Operation(
        method=method,
        path=path,
        handler=handler,
        summary=summary,
        media_type=render.HTML,
        page=True,
        part=Part.CONSOLE,
        body={Kind.FIELDS: dict} if method == "POST" else {},
        query=query,
    )


#: What can be opened by anybody: the ways in and out.
ENTRANCE: tuple[Operation, ...] = (
    _entrance("GET", LOG_IN, entrance.log_in_page, "Ask for name, password and code.", entrance.LogInQuery),
    _entrance("POST", LOG_IN, entrance.log_in, "Log in."),
    _entrance("POST", "/console/log-out", entrance.log_out, "Log out."),
    _entrance("GET", entrance.SET_UP, entrance.set_up_page, "Ask for the set-up token.", LanguageQuery),
    _entrance("POST", entrance.SET_UP, entrance.set_up_start, "Show what an authenticator app needs."),
    _entrance("POST", f"{entrance.SET_UP}/account", entrance.set_up_finish, "Set password and codes."),
)

CONSOLE: tuple[Operation, ...] = ENTRANCE + tuple(page.operation() for page in PAGES)
