# SPDX-License-Identifier: Apache-2.0
"""Issuing, checking and revoking API keys."""

import pytest

from noli.access.model import Scope
from noli.access.service import TOKEN_PREFIX, AccessService
from noli.base.clock import SystemClock
from noli.base.errors import Conflict, InputError, NotFound, Unauthenticated
from tests.support.store import MemoryKeys


@pytest.fixture
def access() -> AccessService:
    """A fresh service without keys."""
    return AccessService(MemoryKeys(), SystemClock())


def test_a_token_opens_what_its_key_may(access: AccessService) -> None:
    """The token is random and known by its prefix; whoever shows it is the key."""
    key, token = access.create("platform", [Scope.CHECKS, Scope.CHECKS])
    assert token.startswith(TOKEN_PREFIX)
    assert len(token) > 40
    assert access.create("other", [Scope.CHECKS])[1] != token
    assert access.authenticate(token) == key
    assert key.scopes == {Scope.CHECKS}


def test_a_wrong_or_revoked_token_opens_nothing(access: AccessService) -> None:
    """Unknown, cut, and revoked tokens are refused in the same words."""
    _, token = access.create("platform", [Scope.CHECKS])
    for wrong in ("", "noli_guessed", token[:-1]):
        with pytest.raises(Unauthenticated, match="not known here, or was revoked"):
            access.authenticate(wrong)
    access.revoke("platform")
    with pytest.raises(Unauthenticated, match="not known here, or was revoked"):
        access.authenticate(token)


def test_revoking_twice_changes_nothing(access: AccessService) -> None:
    """The first time stands; a name that never was is not found."""
    access.create("other", [Scope.BANKS])
    access.create("platform", [Scope.CHECKS])
    first = access.revoke("platform")
    assert access.revoke("platform") == first
    assert [key.name for key in access.all() if key.revoked_at is None] == ["other"]
    with pytest.raises(NotFound):
        access.revoke("none")


def test_a_key_that_could_do_nothing_is_refused(access: AccessService) -> None:
    """No scope, a name that cannot be typed, and a name that is taken: nothing is issued."""
    with pytest.raises(InputError, match="at least one scope"):
        access.create("platform", [])
    with pytest.raises(InputError, match="name of a key"):
        access.create("a/b", [Scope.CHECKS])
    access.create("platform", [Scope.CHECKS])
    with pytest.raises(Conflict):
        access.create("platform", [Scope.CHECKS])
    assert len(access.all()) == 1
