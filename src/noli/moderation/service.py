# SPDX-License-Identifier: Apache-2.0
"""What people set for their own work, and whether they are shown something: each look is counted and on record."""

from datetime import timedelta

from noli.base.clock import Clock
from noli.base.errors import Conflict, Forbidden
from noli.base.secrecy import Keyring, Purpose
from noli.moderation import rules
from noli.moderation.model import Comfort, DeskSettings, Exposure, FoundKind, Look, SavedView, Unshown
from noli.moderation.ports import DeskStore

_COUNTED = timedelta(hours=24)


class NotShown(Conflict):
    """A preview is not shown; ``why`` says the reason."""

    code = "not-shown"

    def __init__(self, why: Unshown) -> None:
        """Keep the reason."""
        super().__init__("This preview is not shown.")
        self.why = why


class SteppedAside(Forbidden):
    """Somebody handed this over for good; it does not come back to them."""

    code = "stepped-aside"

    def __init__(self) -> None:
        """Say no more than that."""
        super().__init__("This was left to others for good; it does not come back to who left it.")


class DeskService:
    """The use cases; safe to call from many threads."""

    def __init__(self, store: DeskStore, clock: Clock, keyring: Keyring) -> None:
        """Keep the collaborators."""
        self._store, self._clock, self._keyring = store, clock, keyring

    def settings(self, staff: str) -> DeskSettings:
        """Return what somebody set."""
        return self._store.settings(staff)

    def set_comfort(self, staff: str, comfort: Comfort) -> None:
        """Change the own limits. Raises InputError."""
        found = self._store.settings(staff)
        self._store.keep(staff, DeskSettings(rules.checked(comfort), found.views))

    def save_view(self, staff: str, view: SavedView) -> None:
        """Save a view under a name. Raises InputError."""
        self._store.keep(staff, rules.with_view(self._store.settings(staff), view))

    def forget_view(self, staff: str, name: str) -> None:
        """Forget a view."""
        self._store.keep(staff, rules.without_view(self._store.settings(staff), name))

    def exposure(self, staff: str) -> Exposure:
        """Return how much somebody looked at."""
        now = self._clock.now()
        looks = self._store.looks(staff, since=now - _COUNTED)
        return rules.exposure(looks, self._store.settings(staff).comfort, now)

    def looked_at(self, staff: str, notice: str) -> bool:
        """Tell whether somebody was shown anything of a notice within a day."""
        looks = self._store.looks(staff, since=self._clock.now() - _COUNTED)
        return any(each.notice == notice for each in looks)

    def subject(self, what: str) -> bytes:
        """Return what stands for something that can be looked at."""
        return self._keyring.digest(Purpose.LOOK, what.encode())

    def unshown(self, staff: str, what: str, *, confirmed: bool, contested: bool, young: bool) -> Unshown | None:
        """Return why something would not be shown to somebody; None where it would."""
        before = self._store.before(self.subject(what))
        return rules.unshown(self.exposure(staff), before, confirmed=confirmed, contested=contested, young=young)

    def look(
        self, staff: str, notice: str, content: int, what: str, *, confirmed: bool, contested: bool, young: bool
    ) -> Comfort:
        """Note that somebody is shown something, before it is shown; returns how.

        Raises:
            NotShown: It is not shown, and why.
        """
        why = self.unshown(staff, what, confirmed=confirmed, contested=contested, young=young)
        if why is not None:
            raise NotShown(why)
        self._store.add_look(Look(staff, notice, content, self.subject(what), self._clock.now()))
        return self._store.settings(staff).comfort

    def step_aside(self, staff: str, kind: FoundKind, subject: str) -> None:
        """Leave a case or a notice to others for good, without a reason; nobody is told why, and nothing is counted."""
        self._store.step_aside(staff, kind, subject, at=self._clock.now())

    def left_to_others(self, staff: str) -> frozenset[str]:
        """Return the cases and notices that do not come back to somebody."""
        return self._store.left_to_others(staff)

    def who_left(self, subject: str) -> frozenset[str]:
        """Return to whom a case or a notice does not go any more."""
        return self._store.who_left(subject)

    def check_stays(self, staff: str, subject: str) -> None:
        """Refuse what somebody stepped aside from. Raises SteppedAside."""
        if subject in self._store.left_to_others(staff):
            raise SteppedAside
