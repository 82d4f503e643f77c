# SPDX-License-Identifier: Apache-2.0
"""The routes of the public notice form. Nothing personal is ever in an address: what is followed up is posted."""

from functools import partial

from noli.web.api.operation import Operation, Part
from noli.web.html import routes
from noli.web.notice import following, sending
from noli.web.pages.start import PageQuery

_page = partial(routes.page, query=PageQuery, part=Part.NOTICE)
_form = partial(routes.form, part=Part.NOTICE)

NOTICE: tuple[Operation, ...] = (
    _page("/notice", sending.first, "Ask for the age, then for the notice."),
    _form("/notice", sending.send, "Take a notice from the public form."),
    _page("/notice/status", following.ask, "Ask for number and code."),
    _form("/notice/status", following.show, "Show a notice to who sent it."),
    _form("/notice/more", following.give, "Take what was missing."),
    _form("/notice/complaint", following.complain, "Take a complaint."),
    _form("/notice/end", following.withdraw, "Take a notice back."),
)
