# SPDX-License-Identifier: Apache-2.0
"""The key file: everything that the database must not be able to give away is under a key in here.

Form of the file, JSON, mode 0600::

    {"current": "k2", "keys": {"k1": "<32 bytes, base 64>", "k2": "…"}, "root": "<32 bytes, base 64>"}

``keys`` encrypt the data keys of cases; ``root`` gives every other purpose a key of its own (HMAC-SHA256 of its name)
and never changes, because what was derived from it (verifiers, digests) could not be made anew. The first key that
signs the ledger's roots (Ed25519) is derived from it too; later ones stand in ``signing``, in which retired keys keep
their public half alone: ``[{"public": "…"}, {"public": "…", "private": "…"}]``. Data are sealed with AES-256-GCM-SIV,
which forgives a repeated nonce, and bound to their place, so that moving a ciphertext to another row is noticed. A
running server reads the file again when it has changed.
"""

import hashlib
import hmac
import json
import secrets
import threading
from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from noli.adapters.files import make_private, replace_private
from noli.base.errors import ConfigError, IntegrityError
from noli.base.secrecy import Purpose, WrappedKey

_KEY_BYTES = 32
_NONCE_BYTES = 12

# Form of a sealed text, its first byte: nonce and ciphertext of AES-256-GCM-SIV follow.
_FORM = b"\x01"

# Sealed texts are padded to a multiple of this, in bytes, so that a short answer and a long one mostly look alike.
_PADDED_TO = 256
_LENGTH_BYTES = 4

# Stands for a file that is not there.
_GONE = (0, 0)


@dataclass(frozen=True, slots=True)
class KeySet:
    """What the file holds."""

    current: str
    keys: dict[str, bytes] = field(repr=False)
    root: bytes = field(repr=False)
    signing: tuple["SigningKey", ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs, or signed, the ledger's roots."""

    public: bytes
    #: The seed; empty once the key was retired.
    private: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, seed: bytes) -> "SigningKey":
        """Make the key of a seed."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw(), seed)


class KeyFile:
    """The keyring of an installation: ``base.secrecy.Keyring`` and ``evidence.ports.Signer``; for many threads."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigError: It is missing, unreadable, open to others, or not a key file.
        """
        self.path = path
        self._lock = threading.Lock()
        self._stamp = _stamp(path)
        self._set = _load(path)
        self._derived = {purpose: _derive(self._set.root, purpose) for purpose in Purpose}

    @classmethod
    def make(cls, path: Path) -> "KeyFile":
        """Make a new key file, unless another process was quicker.

        Raises:
            ConfigError: It cannot be written.
        """
        root = secrets.token_bytes(_KEY_BYTES)
        fresh = KeySet("k1", {"k1": secrets.token_bytes(_KEY_BYTES)}, root, _first_signing(root))
        try:
            make_private(path, _written(fresh))
        except OSError as error:
            msg = f"The key file {path} cannot be made: {error.strerror}."
            raise ConfigError(msg) from error
        return cls(path)

    @property
    def current(self) -> str:
        """Id of the key under which data keys are encrypted now."""
        return self._fresh().current

    def digest(self, purpose: Purpose, data: bytes) -> bytes:
        """Return a keyed digest."""
        return hmac.digest(self._derived[purpose], data, hashlib.sha256)

    def new_key(self) -> bytes:
        """Return a new data key."""
        return secrets.token_bytes(_KEY_BYTES)

    def wrap(self, key: bytes, *, place: str) -> WrappedKey:
        """Encrypt a data key."""
        held = self._fresh()
        return WrappedKey(held.current, _encrypt(held.keys[held.current], key, f"{place}|{held.current}"))

    def unwrap(self, wrapped: WrappedKey, *, place: str) -> bytes:
        """Decrypt a data key."""
        key = self._fresh().keys.get(wrapped.key_id)
        if key is None:
            msg = "The key file lacks a key that stored data need; restore the key file from its backup."
            raise IntegrityError(msg, detail=wrapped.key_id)
        return _decrypt(key, wrapped.data, f"{place}|{wrapped.key_id}")

    def seal(self, key: bytes, text: bytes, *, place: str) -> bytes:
        """Encrypt, padded."""
        filled = len(text).to_bytes(_LENGTH_BYTES) + text
        return _encrypt(key, filled + bytes(-len(filled) % _PADDED_TO), place)

    def open(self, key: bytes, sealed: bytes, *, place: str) -> bytes:
        """Decrypt."""
        filled = _decrypt(key, sealed, place)
        return filled[_LENGTH_BYTES : _LENGTH_BYTES + int.from_bytes(filled[:_LENGTH_BYTES])]

    def sign(self, text: bytes) -> tuple[bytes, bytes]:
        """Sign with the newest signing key."""
        newest = self._fresh().signing[-1]
        return newest.public, Ed25519PrivateKey.from_private_bytes(newest.private).sign(text)

    def signing_keys(self) -> tuple[bytes, ...]:
        """Return the public keys that ever signed, oldest first."""
        return tuple(key.public for key in self._fresh().signing)

    def rotate_signing(self) -> bytes:
        """Let a new key sign from now on, and forget the private half of the one before. Returns its public half."""
        with self._lock:
            held = _load(self.path)
            retired = tuple(SigningKey(key.public) for key in held.signing)
            fresh = SigningKey.of(secrets.token_bytes(_KEY_BYTES))
            self._replace(replace(held, signing=(*retired, fresh)))
        return fresh.public

    def rotate(self) -> str:
        """Add a new key and make it current; the old ones stay until ``forget``. Returns its id."""
        with self._lock:
            held = _load(self.path)
            fresh = f"k{1 + max(int(name.removeprefix('k')) for name in held.keys)}"
            keys = {**held.keys, fresh: secrets.token_bytes(_KEY_BYTES)}
            self._replace(replace(held, current=fresh, keys=keys))
        return fresh

    def forget(self, key_ids: frozenset[str]) -> None:
        """Remove keys that nothing is encrypted under any more; the current one stays whatever is asked."""
        with self._lock:
            held = _load(self.path)
            kept = {name: key for name, key in held.keys.items() if name not in key_ids or name == held.current}
            self._replace(replace(held, keys=kept))

    @property
    def key_ids(self) -> frozenset[str]:
        """Ids of all keys of the file."""
        return frozenset(self._fresh().keys)

    def _replace(self, new: KeySet) -> None:
        try:
            replace_private(self.path, _written(new))
        except OSError as error:
            msg = f"The key file {self.path} cannot be written: {error.strerror}."
            raise ConfigError(msg) from error
        self._set, self._stamp = new, _stamp(self.path)

    def _fresh(self) -> KeySet:
        """Return the keys, read anew where the file was replaced."""
        stamp = _stamp(self.path)
        # Where the file has vanished, what is in memory stays good; the next start will tell.
        if stamp not in {self._stamp, _GONE}:
            with self._lock:
                self._set, self._stamp = _load(self.path), stamp
        return self._set


def open_keyring(path: Path, *, needed: bool) -> KeyFile:
    """Open the key file, making it at the first start.

    Args:
        path: Where it is.
        needed: Whether the database holds anything that only the existing file can open.

    Raises:
        ConfigError: It cannot be used, or is missing although it is needed.
    """
    if path.exists():
        return KeyFile(path)
    if needed:
        msg = f"The key file {path} is missing, but there are cases, staff or regions; restore it from its backup."
        raise ConfigError(msg)
    return KeyFile.make(path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return _GONE
    return found.st_ino, found.st_mtime_ns


def _load(path: Path) -> KeySet:
    try:
        if path.stat().st_mode & 0o077:
            msg = f"The key file {path} is open to other users of this machine: chmod 600 {path}"
            raise ConfigError(msg)
        content: dict[str, Any] = json.loads(path.read_text("ascii"))
        keys = {str(name): b64decode(value, validate=True) for name, value in content["keys"].items()}
        root = b64decode(content["root"], validate=True)
        signing = tuple(
            SigningKey(b64decode(key["public"], validate=True), b64decode(key.get("private", ""), validate=True))
            for key in content.get("signing", ())
        )
        held = KeySet(content["current"], keys, root, signing or _first_signing(root))
    except OSError as error:
        msg = f"The key file {path} cannot be read: {error.strerror}. Without it cases cannot be opened."
        raise ConfigError(msg) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        msg = f"{path} is not a key file, or is damaged; restore it from its backup."
        raise ConfigError(msg) from error
    if held.current not in keys or any(len(key) != _KEY_BYTES for key in (held.root, *keys.values())):
        msg = f"{path} is damaged; restore it from its backup."
        raise ConfigError(msg)
    return held


def _written(held: KeySet) -> bytes:
    content: dict[str, object] = {
        "current": held.current,
        "keys": {name: b64encode(key).decode("ascii") for name, key in held.keys.items()},
        "root": b64encode(held.root).decode("ascii"),
    }
    if held.signing != _first_signing(held.root):
        content["signing"] = [
            {
                name: b64encode(getattr(key, name)).decode("ascii")
                for name in ("public", "private")
                if getattr(key, name)
            }
            for key in held.signing
        ]
    return json.dumps(content, indent=1).encode("ascii")


def _first_signing(root: bytes) -> tuple[SigningKey, ...]:
    # A root of a wrong length is refused elsewhere.
    return (SigningKey.of(_derive(root, Purpose.LEDGER)),)


def is_signed(public: bytes, text: bytes, signature: bytes) -> bool:
    """Check an Ed25519 signature: ``evidence.ports.SignatureCheck``."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _derive(root: bytes, purpose: Purpose) -> bytes:
    return hmac.digest(root, b"noli|" + purpose.value.encode("ascii"), hashlib.sha256)


def _encrypt(key: bytes, text: bytes, place: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _FORM + nonce + AESGCMSIV(key).encrypt(nonce, text, place.encode("utf-8"))


def _decrypt(key: bytes, sealed: bytes, place: str) -> bytes:
    # Any other first byte makes a nonce that fits nothing.
    nonce, text = (
        sealed[1 : 1 + _NONCE_BYTES] if sealed[:1] == _FORM else bytes(_NONCE_BYTES),
        sealed[1 + _NONCE_BYTES :],
    )
    try:
        return AESGCMSIV(key).decrypt(nonce, text, place.encode("utf-8"))
    except (InvalidTag, ValueError) as error:
        msg = "A sealed text was changed or moved, or is under another key; restore the database from a backup."
        raise IntegrityError(msg, detail=place.partition("|")[0]) from error
