# SPDX-License-Identifier: Apache-2.0
"""A helpline that sends requests: name server, registry, mail server and mailbox of its own, and cases with links."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noli.app import App
from noli.casework import receipts, work
from noli.casework.model import CaseId, NewLink
from noli.jobs.model import Lane
from tests.support.casework import CALLER, submission
from tests.support.mail import Box, Sink, box, sink
from tests.support.registries import RECORDS, NameServer, Registry, fill, name_server, registry

SITE = "www.copies.example"


@dataclass
class Outside:
    """Everything that a helpline's installation talks to."""

    names: NameServer
    registry: Registry
    sink: Sink
    box: Box

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that lead there."""
        return {
            "dns_servers": f"127.0.0.1:{self.names.port}",
            "rdap_url": f"{self.registry.url}/lists",
            "asn_zone": "asn.example",
            "private_hosts": "127.0.0.1",
            "organisation": "Helpline Example",
            "mail_from": "requests@helpline.example",
            "smtp_url": f"smtp://127.0.0.1:{self.sink.port}",
            "imap_url": self.box.url,
            "proof_of_work_bits": 1,
            "password_memory_mib": 8,
        }


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """Run all of it on loopback."""
    with name_server(RECORDS) as names, registry() as kept, sink() as taken, box(folder) as mailbox:
        fill(kept)
        yield Outside(names, kept, taken, mailbox)


def open_case(app: App, *urls: str) -> CaseId:
    """Open a case with links, as a person does."""
    links = tuple(NewLink(url) for url in urls or (f"https://{SITE}/1", f"https://{SITE}/2"))
    token, proof = app.intake.new_token(), work.solve(app.intake.challenge())
    receipt = app.intake.submit(submission(links=links), token=token, proof=proof, caller=CALLER)
    digits = receipts.read_number(receipt.number)
    assert digits is not None
    with app.case_files.store.transaction() as transaction:
        door = transaction.door(number=receipts.number_digest(app.keyring, digits))
    assert door is not None
    return door.case


def work_off(app: App) -> None:
    """Do every job that is due, as a server would."""
    for lane in Lane:
        app.runner.prepare(lane)
        while app.runner.step(lane):
            pass
