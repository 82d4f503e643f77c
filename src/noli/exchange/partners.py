# SPDX-License-Identifier: Apache-2.0
"""Partners: add and change them, know them by their keys."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace

from noli.access.model import ApiKey, Scope
from noli.access.service import AccessService
from noli.base.clock import Clock
from noli.base.errors import Conflict, Forbidden, InputError, Unauthenticated
from noli.base.names import check_name
from noli.exchange.model import NewPartner, Partner, PartnerKeys, PartnerState, Protocol
from noli.exchange.ports import ExchangeStore

# Characters of the subscription key: as many as the originals have.
_SUBSCRIPTION_LENGTH = 32

#: What a partner's key may do at most. All else shows more than the banks that are shared with it, or changes them.
ALLOWED = frozenset({Scope.EXCHANGE, Scope.CHECKS, Scope.DISTANCES, Scope.LEDGER})


class PartnerService:
    """The use cases around partners; safe to call from many threads and processes."""

    def __init__(self, store: ExchangeStore, access: AccessService, clock: Clock) -> None:
        """Keep the collaborators."""
        self._store, self._access, self._clock = store, access, clock

    def add(self, new: NewPartner, *, scopes: Iterable[Scope] = ()) -> tuple[Partner, PartnerKeys]:
        """Add a partner and issue its first key.

        Args:
            new: What is agreed.
            scopes: What its key may do besides the exchange.

        Returns:
            The partner, and its keys, which nobody can be told again.

        Raises:
            InputError: The name, what is agreed or a scope cannot be used.
            NotFound: There is no such bank.
            Conflict: The name is taken, by a partner or a key.
        """
        check_name(new.name, of="partner")
        check_agreement(new)
        granted = _allowed(scopes)
        if new.name in {key.name for key in self._access.all()}:
            msg = f"A key named {new.name!r} exists already; give the partner another name."
            raise Conflict(msg)
        honours = new.protocol.carries_withdrawals if new.honours_withdrawal is None else new.honours_withdrawal
        with self._store.transaction(write=True) as transaction:
            partner = transaction.add_partner(new, honours_withdrawal=honours, now=self._clock.now())
        return partner, self._issue(partner, new.name, granted)

    def new_key(self, name: str, *, scopes: Iterable[Scope] | None = None, keep_old: bool = False) -> PartnerKeys:
        """Issue another key to a partner.

        Args:
            name: The partner.
            scopes: What it may do besides the exchange; None for what its newest key may.
            keep_old: Whether its other keys go on working, for the time it takes to change over.

        Raises:
            InputError: A scope is not for partners.
            NotFound: There is no such partner.
        """
        with self._store.transaction() as transaction:
            partner = transaction.partner(name)
            old = transaction.keys_of(partner.id)
        if scopes is None:
            newest = sorted((key for key in self._access.all() if key.name in old), key=lambda key: key.created_at)[-1:]
            scopes = frozenset[Scope]().union(*(key.scopes for key in newest)) & ALLOWED
        keys = self._issue(partner, f"{name}.{len(old) + 1}", _allowed(scopes))
        if not keep_old:
            for each in old:
                self._access.revoke(each)
        return keys

    def change(self, partner: Partner, *, secret: str | None = None) -> Partner:
        """Keep what changed of a partner. Raises InputError, NotFound."""
        check_agreement(partner)
        with self._store.transaction(write=True) as transaction:
            return transaction.change_partner(partner, secret=secret, now=self._clock.now())

    def set_state(self, name: str, state: PartnerState) -> Partner:
        """Let everything flow, or nothing. Raises NotFound."""
        return self.change(replace(self.get(name), state=state))

    def get(self, name: str) -> Partner:
        """Read one. Raises NotFound."""
        with self._store.transaction() as transaction:
            return transaction.partner(name)

    def all(self) -> list[Partner]:
        """List by name."""
        with self._store.transaction() as transaction:
            return transaction.partners()

    def recipients(self, bank: str) -> list[Partner]:
        """List who is given what is in a bank, by name."""
        return [each for each in self.all() if bank in each.shares and each.state is PartnerState.ACTIVE]

    def of_key(self, key: str) -> Partner:
        """Return the partner that calls, by the name of its key.

        Raises:
            Forbidden: The key is nobody's, or the partner is suspended.
        """
        with self._store.transaction() as transaction:
            partner = transaction.partner_of(key)
        if partner is None:
            msg = "This key belongs to no partner; 'noli partner add' makes one."
            raise Forbidden(msg)
        _check_active(partner)
        return partner

    def held_to_agreement(self, key: ApiKey) -> ApiKey:
        """Return a caller's key with what it may do and see at this moment; a key of no partner as it is.

        Raises:
            Forbidden: The partner is suspended.
        """
        with self._store.transaction() as transaction:
            partner = transaction.partner_of(key.name)
        if partner is None:
            return key
        _check_active(partner)
        looks_up = {Scope.CHECKS} if partner.protocol is Protocol.HMA else frozenset[Scope]()
        return replace(key, scopes=(key.scopes & ALLOWED) | looks_up, banks=frozenset(partner.shares))

    def of_token(self, token: str, *, subscription: str | None = None) -> Partner:
        """Return the partner that calls, by what its software shows.

        Args:
            token: The key itself, from wherever the protocol carries it.
            subscription: StopNCII's second key; None where the protocol has none.

        Raises:
            Unauthenticated: It is not known, was revoked, or the second key does not belong to it.
            Forbidden: It may not exchange, or the partner is suspended.
        """
        key = self._access.authenticate(token)
        # The token itself is taken in its place: who has it can work the other one out.
        if subscription is not None and not any(
            hmac.compare_digest(subscription.encode(), known.encode()) for known in (subscription_key(token), token)
        ):
            msg = "The subscription key does not belong to the function key; 'noli partner add' prints both."
            raise Unauthenticated(msg)
        if Scope.EXCHANGE not in key.scopes:
            msg = f"This takes a key with the scope {Scope.EXCHANGE!s}."
            raise Forbidden(msg)
        return self.of_key(key.name)

    def _issue(self, partner: Partner, key: str, scopes: Iterable[Scope]) -> PartnerKeys:
        made, token = self._access.create(key, {Scope.EXCHANGE, *scopes})
        with self._store.transaction(write=True) as transaction:
            transaction.add_key(partner.id, made.name)
        return PartnerKeys(token, subscription_key(token))


def subscription_key(token: str) -> str:
    """Return the second of a StopNCII client's keys; nothing more has to be stored for it."""
    return hashlib.sha256(b"noli-subscription|" + token.encode()).hexdigest()[:_SUBSCRIPTION_LENGTH]


def _allowed(scopes: Iterable[Scope]) -> frozenset[Scope]:
    granted = frozenset(scopes)
    if not granted <= ALLOWED:
        msg = (
            f"{', '.join(sorted(granted - ALLOWED))}: not for a partner, whose key may do at most "
            f"{', '.join(sorted(ALLOWED))}. 'noli key create' makes keys for programs of your own."
        )
        raise InputError(msg)
    return granted


def _check_active(partner: Partner) -> None:
    if partner.state is not PartnerState.ACTIVE:
        msg = "Exchange with this partner is suspended; ask who runs this installation."
        raise Forbidden(msg)


def check_agreement(partner: NewPartner | Partner) -> None:
    """Refuse what cannot be agreed with a partner. Raises InputError."""
    if partner.per_hour < 0 or partner.doubts_per_hour < 0:
        msg = "A partner may bring 0 or more entries an hour, and doubt 0 or more."
        raise InputError(msg)
    if len({each.remote for each in partner.imports}) < len(partner.imports):
        msg = "Each of a partner's banks goes into one of ours; name it once."
        raise InputError(msg)
    both = set(partner.shares) & {each.bank for each in partner.imports}
    if both:
        msg = f"Bank {min(both)!r} cannot both be shared with a partner and take what it sends; make another."
        raise InputError(msg)
