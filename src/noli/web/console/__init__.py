# SPDX-License-Identifier: Apache-2.0
"""The pages of staff under ``/console``: log-in, cases, accounts, ledger.

Pages only show and pass on: what a role may do stands in ``access/rules.py``, what can be done with a case in
``casework/desk.py``. Hashes are on no page, and no page loads what a link of a case leads to.
"""

#: What staff see first; compiled before a server says that it is ready.
FIRST_PAGES = ("console/log_in.html", "console/queue.html", "console/cases.html")
