# SPDX-License-Identifier: Apache-2.0
"""What devices answer, read with Yubico's python-fido2: ``access.ports.Authenticators``."""

import json
from typing import Any

from fido2.cose import UnsupportedKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from noli.access.model import Passkey, Site, Staff
from noli.base.errors import InputError

# Longest answer that is looked at, in characters; real ones have some thousand.
_LONGEST = 20_000

_REQUIRED = UserVerificationRequirement.REQUIRED


class Fido2Authenticators:
    """Reads answers."""

    def creation(self, site: Site, staff: Staff, known: list[Passkey], challenge: bytes) -> str:
        """Return what a page asks a device for a new passkey with."""
        user = PublicKeyCredentialUserEntity(id=staff.id.encode("ascii"), name=staff.name, display_name=staff.name)
        options, _ = _server(site).register_begin(
            user,
            credentials=[AttestedCredentialData(each.credential) for each in known],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=_REQUIRED,
            challenge=challenge,
        )
        return json.dumps(dict(options)["publicKey"], default=dict)

    def created(self, site: Site, challenge: bytes, answer: str) -> tuple[bytes, bytes, int]:
        """Return id, credential and counter of a new passkey."""
        try:
            data = _server(site).register_complete(_state(challenge), _parsed(answer))
            found = data.credential_data
            if found is None or isinstance(found.public_key, UnsupportedKey):
                raise _none_of_ours()
            return found.credential_id, bytes(found), data.counter
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _none_of_ours() from error

    def request(self, site: Site, challenge: bytes) -> str:
        """Return what a page asks for any passkey of this site with."""
        options, _ = _server(site).authenticate_begin(user_verification=_REQUIRED, challenge=challenge)
        return json.dumps(dict(options)["publicKey"], default=dict)

    def answered(self, answer: str) -> bytes:
        """Return the id of the passkey that an answer is from."""
        try:
            return websafe_decode(_parsed(answer)["rawId"])
        except (ValueError, KeyError, TypeError) as error:
            raise _none_of_ours() from error

    def verified(self, site: Site, challenge: bytes, passkey: Passkey, answer: str) -> int:
        """Return the counter of a verified answer."""
        parsed, credential = _parsed(answer), AttestedCredentialData(passkey.credential)
        try:
            _server(site).authenticate_complete(_state(challenge), [credential], parsed)
            return AuthenticationResponse.from_dict(parsed).response.authenticator_data.counter
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _none_of_ours() from error


def _server(site: Site) -> Fido2Server:
    relying = PublicKeyCredentialRpEntity(id=site.host, name="Noli")
    return Fido2Server(relying, verify_origin=lambda origin: origin == site.origin)


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": _REQUIRED}


def _parsed(answer: str) -> dict[str, Any]:
    try:
        parsed = json.loads(answer[:_LONGEST])
    except (ValueError, RecursionError) as error:
        raise _none_of_ours() from error
    if not isinstance(parsed, dict):
        raise _none_of_ours()
    return parsed


def _none_of_ours() -> InputError:
    return InputError("The device's answer cannot be used.")
