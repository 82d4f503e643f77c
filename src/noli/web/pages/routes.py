# SPDX-License-Identifier: Apache-2.0
"""The routes of the depicted person's pages. Paths and titles say nothing about what the site is for."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from noli.web.api.operation import Call, Kind, Operation, Part
from noli.web.html import routes
from noli.web.pages import case, entering, helplines, sending, start, steps
from noli.web.pages.helplines import HelpQuery
from noli.web.pages.start import PageQuery

_page = partial(routes.page, query=PageQuery, part=Part.INTAKE)
_form = partial(routes.form, part=Part.INTAKE)


def _script(path: str, handler: Callable[[Call], Any], summary: str, body: type[msgspec.Struct]) -> Operation:
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        body={Kind.JSON: body},
        part=Part.INTAKE,
        max_body_bytes=sending.MAX_BODY_BYTES,
    )


PERSON: tuple[Operation, ...] = (
    _page("/", start.start, "What happens here."),
    _page("/safe", start.traces, "Which traces stay on a device.", also=(Part.NOTICE,)),
    _page("/check", start.check, "How to check what this site does.", also=(Part.NOTICE,)),
    _page("/leave", start.leave, "Leave for a neutral site.", also=(Part.NOTICE,)),
    _page("/help", helplines.for_adults, "Who helps.", query=HelpQuery, also=(Part.NOTICE,)),
    _page(
        "/other-help",
        helplines.for_others,
        "Who helps if somebody is under 18.",
        query=HelpQuery,
        also=(Part.NOTICE,),
    ),
    _page("/go", steps.first, "The questions."),
    _form("/go", steps.next_, "One question after the other, without script."),
    Operation(
        method="GET",
        path="/go/challenge",
        handler=sending.challenge,
        summary="A proof of work to be done.",
        answer=sending.ChallengeOut,
        part=Part.INTAKE,
    ),
    _script("/go/send", sending.submit, "Open a case.", sending.SubmissionIn),
    _page("/return", entering.form, "Ask for number and words."),
    _form("/return", entering.log_in, "Open a session."),
    _page("/renew", entering.renew_form, "Ask for a recovery code."),
    _form("/renew", entering.renew, "Make new words."),
    _page("/status", case.overview, "The case."),
    _page("/status/add", case.add_form, "How to add."),
    _script("/status/items", case.add_items, "Protect more.", case.ItemsIn),
    _form("/status/links", case.add_links, "Tell links."),
    _form("/status/message", case.send_message, "Write to the caseworkers."),
    _page("/status/details", case.details, "Contact and consents."),
    _form("/status/contact", case.change_contact, "Change the contact."),
    _form("/status/consent", case.change_consents, "Change consents."),
    _page("/status/end", case.end_form, "What a withdrawal does."),
    _form("/status/end", case.end, "Withdraw everything."),
    _form("/status/keep", case.keep, "Stop a withdrawal."),
    _page("/status/file", case.download, "Everything as a file."),
    _form("/status/out", entering.log_out, "Log out."),
)
