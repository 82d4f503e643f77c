# SPDX-License-Identifier: Apache-2.0
"""The part of the composition root that wires evidence packages. Wiring only."""

from collections.abc import Sequence
from functools import cached_property

from noli.adapters.keyring import is_signed
from noli.adapters.packages import package_store
from noli.adapters.sql.pursuits import SqlPursuits
from noli.app_pursuit import PursuitParts
from noli.base.config import Config
from noli.custody.check import check
from noli.custody.model import PackageCheck
from noli.custody.ports import PackageStore
from noli.custody.service import EvidenceDesk
from noli.jobs.model import Task


def check_package(content: bytes, keys: Sequence[bytes] = ()) -> PackageCheck:
    """Check an evidence package; needs no installation."""
    return check(content, signed=is_signed, keys=keys)


def packages_of(config: Config) -> PackageStore:
    """Open the store of packages that the settings name. Raises ConfigError."""
    return package_store(config.packages_url, config.data)


class CustodyParts(PursuitParts):
    """What an App has for evidence packages."""

    @cached_property
    def evidence(self) -> EvidenceDesk:
        """Makes evidence packages and keeps them."""
        return EvidenceDesk(
            packages_of(self.config),
            SqlPursuits(self.database.engine, self.keyring),
            self.case_files,
            roots=self.roots,
            signer=self.keyring,
            organisation=self.config.organisation,
        )

    @cached_property
    def tasks(self) -> list[Task]:
        """Everything that happens by itself, with what packages need."""
        return [*super().tasks, self.evidence.task]
