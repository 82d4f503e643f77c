# SPDX-License-Identifier: Apache-2.0
"""Settings and looks in memory: a complete small implementation of ``moderation.ports.DeskStore``."""

from datetime import datetime

from noli.moderation.model import DeskSettings, FoundKind, Look


class MemoryDesk:
    """Keeps settings and looks."""

    def __init__(self) -> None:
        self._settings: dict[str, DeskSettings] = {}
        self._looks: list[Look] = []
        self._aside: set[tuple[str, str]] = set()

    def settings(self, staff: str) -> DeskSettings:
        return self._settings.get(staff, DeskSettings())

    def keep(self, staff: str, settings: DeskSettings) -> None:
        self._settings[staff] = settings

    def looks(self, staff: str, *, since: datetime) -> list[Look]:
        return [each for each in self._looks if each.staff == staff and each.at >= since]

    def before(self, subject: bytes) -> list[Look]:
        return [each for each in self._looks if each.subject == subject]

    def add_look(self, look: Look) -> None:
        self._looks.append(look)

    def step_aside(self, staff: str, kind: FoundKind, subject: str, *, at: datetime) -> None:
        del kind, at
        self._aside.add((staff, subject))

    def left_to_others(self, staff: str) -> frozenset[str]:
        return frozenset(subject for who, subject in self._aside if who == staff)

    def who_left(self, subject: str) -> frozenset[str]:
        return frozenset(who for who, what in self._aside if what == subject)
