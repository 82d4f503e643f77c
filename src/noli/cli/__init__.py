# SPDX-License-Identifier: Apache-2.0
"""The command line: nouns, then verbs (``noli bank create``).

Commands parse, call a service and print; what they do is decided elsewhere. Data goes to standard output, everything
else to standard error. A command's module is loaded when it is used, so that ``noli --help`` is quick.
"""

from noli.cli.group import Commands

main = Commands(
    name="noli",
    commands={
        "backup": "noli.cli.backup:backup",
        "bank": "noli.cli.bank:bank",
        "case": "noli.cli.case:case",
        "catalogue": "noli.cli.catalogue:catalogue",
        "check": "noli.cli.check:check",
        "demo": "noli.cli.demo:demo",
        "doctor": "noli.cli.doctor:doctor",
        "evidence": "noli.cli.evidence:evidence",
        "hash": "noli.cli.hash:hash_files",
        "key": "noli.cli.key:key",
        "keys": "noli.cli.keys:keys",
        "ledger": "noli.cli.ledger:ledger",
        "mail": "noli.cli.mail:mail",
        "notice": "noli.cli.notice:notice",
        "scan": "noli.cli.scan:scan",
        "partner": "noli.cli.partner:partner",
        "pursuit": "noli.cli.pursuit:pursuit",
        "regime": "noli.cli.regime:regime",
        "report": "noli.cli.report:report",
        "restore": "noli.cli.restore:restore",
        "retention": "noli.cli.retention:retention",
        "serve": "noli.cli.serve:serve",
        "staff": "noli.cli.staff:staff",
        "sync": "noli.cli.sync:sync",
        "webhook": "noli.cli.webhook:webhook",
    },
    help="""Check pictures against banks of hashes that people asked to be protected by.

    \b
    Example:
      noli serve --data data
    """,
)

__all__ = ["main"]
