# SPDX-License-Identifier: Apache-2.0
"""The table of the console's routes: what there is to open, and which right it takes.

The router is made from it, and so is the test that walks every role through every route.
"""

from collections.abc import Callable

from noli.access.model import Right
from noli.web.api.operation import Call, Kind, Operation, Part, Reply
from noli.web.console import (
    accounts,
    banks,
    cases,
    entrance,
    evidence,
    looking,
    notice,
    overview,
    own,
    pursuits,
    queue,
    work,
)
from noli.web.console.guard import LOG_IN, ConsolePage, LanguageQuery
from noli.web.html import render

_CASE = "/console/cases/{case}"
_NOTICE = "/console/notices/{notice}"
_PURSUIT = "/console/pursuits/{pursuit}"
_STAFF = "/console/staff/{staff}"

#: Pages and forms of those who logged in.
PAGES: tuple[ConsolePage, ...] = (
    ConsolePage(method="GET", path="/console", handler=own.start, summary="Lead to where a role begins.",
                query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/me", handler=own.me, summary="The own account.", query=own.PlainQuery),
    ConsolePage(method="POST", path="/console/me/log-out-elsewhere", handler=own.log_out_elsewhere,
                summary="Log out everywhere else."),
    ConsolePage(method="POST", path="/console/me/sessions", handler=own.end_session, summary="End an own session."),
    ConsolePage(method="POST", path="/console/me/passkeys", handler=own.add_passkey, summary="Add a passkey."),
    ConsolePage(method="POST", path="/console/me/passkeys/remove", handler=own.remove_passkey,
                summary="Remove a passkey."),
    ConsolePage(method="POST", path="/console/me/recovery", handler=own.make_recovery,
                summary="Make recovery codes."),
    ConsolePage(method="POST", path="/console/me/comfort", handler=own.set_comfort, summary="Change own settings."),
    ConsolePage(method="GET", path="/console/help", handler=own.help_page, summary="Keys, roles, what is recorded.",
                query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/cases", handler=cases.list_page, summary="List cases.",
                right=Right.LIST_CASES, query=cases.ListQuery),
    ConsolePage(method="POST", path="/console/find", handler=cases.find, summary="Find a case by its number.",
                right=Right.LIST_CASES),
    ConsolePage(method="GET", path=_CASE, handler=cases.case_page, summary="Open a case; the ledger says so.",
                right=Right.VIEW_CASES, query=cases.OneCaseQuery),
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
    ConsolePage(method="POST", path=f"{_CASE}/pursuits", handler=pursuits.open_,
                summary="Pursue the links of a case.", right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_CASE}/evidence", handler=evidence.capture,
                summary="Make an evidence package.", right=Right.WORK_CASES),
    ConsolePage(method="GET", path=f"{_CASE}/evidence/{{package}}", handler=evidence.fetch,
                summary="Take an evidence package along; the ledger says so.", right=Right.WORK_CASES,
                query=LanguageQuery),
    ConsolePage(method="GET", path="/console/pursuits", handler=pursuits.list_page,
                summary="List pursuits by their deadlines.", right=Right.LIST_CASES, query=pursuits.PursuitsQuery),
    ConsolePage(method="GET", path=_PURSUIT, handler=pursuits.pursuit_page,
                summary="Open a pursuit; the ledger says so.", right=Right.VIEW_CASES, query=pursuits.OnePursuitQuery),
    ConsolePage(method="POST", path=f"{_PURSUIT}/look-up", handler=pursuits.look_up,
                summary="Look up who is responsible.", right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_PURSUIT}/parties", handler=pursuits.name_party,
                summary="Name somebody who is responsible.", right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_PURSUIT}/requests", handler=pursuits.draft, summary="Write a request.",
                right=Right.WORK_CASES),
    ConsolePage(method="POST", path=f"{_PURSUIT}/requests/{{number}}", handler=pursuits.act,
                summary="Send, read, drop or settle a request.", right=Right.WORK_CASES),
    ConsolePage(method="GET", path=f"{_CASE}/ledger", handler=own.views, summary="Who opened and changed a case.",
                right=Right.READ_LEDGER, query=own.LedgerQuery),
    ConsolePage(method="GET", path="/console/notices", handler=queue.list_page, summary="The queue of notices.",
                right=Right.LIST_NOTICES, query=queue.QueueQuery),
    ConsolePage(method="POST", path="/console/notices/decide", handler=queue.decide_many,
                summary="Decide about several notices.", right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path="/console/notices/views", handler=queue.save_view, summary="Save filters.",
                right=Right.LIST_NOTICES),
    ConsolePage(method="POST", path="/console/notices/views/forget", handler=queue.forget_view,
                summary="Forget saved filters.", right=Right.LIST_NOTICES),
    ConsolePage(method="GET", path=_NOTICE, handler=notice.notice_page, summary="Open a notice; the ledger says so.",
                right=Right.VIEW_NOTICES, query=notice.NoticeQuery),
    ConsolePage(method="POST", path=f"{_NOTICE}/decide", handler=notice.decide, summary="Decide about a notice.",
                right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/undo", handler=notice.undo, summary="Take a decision back.",
                right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/take", handler=notice.take, summary="Take a notice.",
                right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/hand-over", handler=notice.hand_over, summary="Hand a notice over.",
                right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/note", handler=notice.note, summary="Write for colleagues.",
                right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/complaint", handler=notice.answer,
                summary="Decide about a complaint.", right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/contents/{{content}}/look", handler=looking.ask,
                summary="Ask for a preview.", right=Right.WORK_NOTICES),
    ConsolePage(method="GET", path=f"{_NOTICE}/contents/{{content}}/preview", handler=looking.preview,
                summary="A preview that was asked for; the ledger says so.", right=Right.WORK_NOTICES,
                query=looking.PreviewQuery),
    ConsolePage(method="POST", path=f"{_NOTICE}/minor", handler=notice.suspect,
                summary="Say that somebody shown may be under 18.", right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/erasure", handler=notice.erase,
                summary="Propose to destroy personal data; a lead confirms it.", right=Right.WORK_NOTICES),
    ConsolePage(method="POST", path=f"{_NOTICE}/report", handler=notice.report,
                summary="Note that a possible minor was reported.", right=Right.WORK_NOTICES),
    ConsolePage(method="GET", path="/console/ledger", handler=own.ledger, summary="Read the ledger.",
                right=Right.READ_LEDGER, query=own.LedgerQuery),
    ConsolePage(method="GET", path="/console/clocks", handler=overview.clocks_page, summary="Every running clock.",
                right=Right.LIST_NOTICES, query=overview.ClocksQuery),
    ConsolePage(method="GET", path="/console/figures", handler=overview.figures_page,
                summary="Figures of the last days.", right=Right.LIST_NOTICES, query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/banks", handler=banks.list_page, summary="List banks.",
                right=Right.LIST_NOTICES, query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/banks/{bank}", handler=banks.bank_page, summary="List a bank's entries.",
                right=Right.VIEW_NOTICES, query=banks.BankQuery),
    ConsolePage(method="GET", path="/console/banks/{bank}/{entry}", handler=banks.entry_page,
                summary="Why an entry is there.", right=Right.VIEW_NOTICES, query=own.PlainQuery),
    ConsolePage(method="POST", path="/console/banks/{bank}/{entry}", handler=banks.opine,
                summary="Say what one thinks of an entry.", right=Right.WORK_NOTICES),
    ConsolePage(method="GET", path="/console/partners", handler=banks.partners_page, summary="List partners.",
                right=Right.LIST_NOTICES, query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/ledger/root", handler=own.note, summary="The newest signed root.",
                right=Right.READ_LEDGER, query=own.PlainQuery),
    ConsolePage(method="GET", path="/console/ledger/{sequence}/proof", handler=own.proof,
                summary="The proof that an entry is in the ledger.", right=Right.READ_LEDGER, query=own.ProofQuery),
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
    _entrance("POST", f"{LOG_IN}/passkey", entrance.log_in_with_passkey, "Log in with a passkey."),
    _entrance("POST", "/console/log-out", entrance.log_out, "Log out."),
    _entrance("GET", entrance.SET_UP, entrance.set_up_page, "Ask for the set-up token.", LanguageQuery),
    _entrance("POST", entrance.SET_UP, entrance.set_up_start, "Show what an authenticator app needs."),
    _entrance("POST", f"{entrance.SET_UP}/account", entrance.set_up_finish, "Set password and codes."),
)

CONSOLE: tuple[Operation, ...] = ENTRANCE + tuple(page.operation() for page in PAGES)
