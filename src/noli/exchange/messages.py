# SPDX-License-Identifier: Apache-2.0
"""Noli's own feed: what stands in a page, how it is signed, and how a page is judged by who receives it.

A page is JSON; the signature (Ed25519, header ``noli-signature``: key and signature in hexadecimal with a colon between
them) is over ``noli-feed|`` and the body as it is sent. A page is believed only if all of this holds:

1. It can be read, and is of this form.
2. The signature is good, and by the key that is trusted: the one agreed on, or one that leads there by ``keys``, in
   which each key is signed by the one before it.
3. It is the answer to this very question: the same nonce, the same checkpoint. So an old page cannot be played back.
4. It is for us, and from the installation and epoch that the checkpoint is of. An installation that lost its memory
   begins a new epoch, or does not know the checkpoint any more; neither is taken for the old one without a person.
5. It goes on from the page before it: ``previous`` is that page's digest, numbers ascend within the page and never go
   back.

What a single item says is judged later, item by item: a bad one is refused and costs nothing else.
"""

import hashlib
from dataclasses import dataclass
from typing import NoReturn, Protocol

import msgspec

from noli.bank.model import OpinionKind, entry_text, parse_entry
from noli.base.errors import HashFormatError, PartnerDistrusted
from noli.exchange.model import Bad, Told, Visible
from noli.hashing.model import Hash, Pipeline, Variant

#: Of what form pages are.
FORM = 1

#: Entries of one page at most; a picture brings some thirty hashes of 100 bytes, a video thousands.
MAX_ITEMS = 2000

#: Bytes of one page at most.
MAX_BYTES = 64 * 1024 * 1024

_DIGEST_PREFIX, _PAGE_PREFIX, _KEY_PREFIX = b"noli-page|", b"noli-feed|", b"noli-key|"
_RECEIPT_PREFIX = b"noli-receipt|"


class Signer(Protocol):
    """Signs with a key that it holds."""

    @property
    def public_key(self) -> str:
        """Return the public key, 64 hexadecimal digits."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return the signature of some bytes."""
        ...


class Verifier(Protocol):
    """Verifies signatures."""

    def verify(self, public_key: str, signature: bytes, data: bytes) -> bool:
        """Tell whether a signature is good; False where key or signature have no such form."""
        ...


class FeedHash(msgspec.Struct, omit_defaults=True):
    """A hash on the feed; what is left out is as it is said here."""

    type: str
    value: str
    quality: int | None = None
    pipeline: str = Pipeline.FULL
    variant: str = Variant.ORIGINAL
    at_ms: int | None = None


class FeedItem(msgspec.Struct, omit_defaults=True):
    """One step of the feed: an entry as it is now. Hashes are left out where it is withdrawn."""

    sequence: int
    at: str
    entry: str
    bank: str
    withdrawn: bool
    hashes: list[FeedHash] = []
    opinions: list[str] = []
    disputed: bool = False
    labels: list[str] = []


class KeyChange(msgspec.Struct):
    """A key, and what the key before it says to that."""

    key: str
    signature: str


class FeedPage(msgspec.Struct):
    """A page of the feed; items are read one by one, so that a bad one spoils no other."""

    noli: int
    installation: str
    epoch: str
    to: str
    nonce: str
    after: int
    previous: str
    next: int
    more: bool
    items: list[msgspec.Raw]
    keys: list[KeyChange] = []


@dataclass(frozen=True, slots=True)
class Position:
    """Where somebody is on a feed.

    Attributes:
        installation: Whose feed it is; empty at the beginning.
        epoch: Which of its lives.
        after: The checkpoint.
        digest: Of the page that led there; empty at the beginning.
        key: The key that is trusted.
        to: Whom the partner knows us as; empty at the beginning.
    """

    installation: str
    epoch: str
    after: int
    digest: str
    key: str
    to: str = ""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that is believed: where it leads, what it tells, whether there is more."""

    position: Position
    told: tuple[Told, ...]
    bad: tuple[Bad, ...]
    more: bool


_encoder, _pages, _items = msgspec.json.Encoder(), msgspec.json.Decoder(FeedPage), msgspec.json.Decoder(FeedItem)


def item_of(visible: Visible) -> msgspec.Raw:
    """Write one step of what a partner may see."""
    hashes = [] if visible.withdrawn else visible.hashes
    item = FeedItem(
        sequence=visible.sequence,
        at=visible.at.isoformat(),
        entry=entry_text(visible.entry),
        bank=visible.bank,
        withdrawn=visible.withdrawn,
        hashes=[FeedHash(one.type, one.hex, one.quality, one.pipeline, one.variant, one.at_ms) for one in hashes],
        opinions=[str(kind) for kind in visible.opinions],
        disputed=visible.disputed,
        labels=list(visible.labels),
    )
    return msgspec.Raw(_encoder.encode(item))


def write_page(page: FeedPage, signer: Signer) -> tuple[bytes, str]:
    """Write and sign a page; return its body and the header."""
    body = _encoder.encode(page)
    return body, f"{signer.public_key}:{signer.sign(_PAGE_PREFIX + body).hex()}"


def digest_of(body: bytes) -> str:
    """Return what a page is called by the next one."""
    return hashlib.sha256(_DIGEST_PREFIX + body).hexdigest()


def write_receipt(place: Position, signer: Signer) -> str:
    """Sign that everything up to a place is stored; what the header ``noli-receipt`` of the next question holds."""
    signature = signer.sign(receipt_text(place.installation, place.epoch, place.to, place.after, place.digest))
    return f"{signer.public_key}:{signature.hex()}"


def read_receipt(header: str, text: bytes, verifier: Verifier) -> tuple[str, str]:
    """Return key and signature of a receipt; empty where it is missing or not good."""
    key, _, signature = header.partition(":")
    return (key, signature) if verifier.verify(key, _bytes(signature), text) else ("", "")


def receipt_text(installation: str, epoch: str, to: str, after: int, digest: str) -> bytes:
    """Return what a receipt signs: whose feed, which of its lives, whom it was for, and the page that is stored."""
    return _RECEIPT_PREFIX + f"{installation}|{epoch}|{to}|{after}|{digest}".encode()


def key_change(installation: str, key: str, signer: Signer) -> KeyChange:
    """Let a key be succeeded by another."""
    return KeyChange(key, signer.sign(_succession(installation, key)).hex())


def read_page(body: bytes, signature: str, *, before: Position, nonce: str, verifier: Verifier) -> ReadPage:
    """Judge a page by the numbered rules above.

    Args:
        body: As it came.
        signature: The header as it came.
        before: Where we are.
        nonce: What we asked with.
        verifier: Verifies signatures.

    Returns:
        What it tells, and where it leads.

    Raises:
        PartnerDistrusted: It is not to be believed; says why.
    """
    # 1.
    try:
        page = _pages.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        _refuse("What came is no page of a feed.", error)
    if page.noli != FORM:
        _refuse(f"The feed has the form {page.noli}, which this version does not know.")
    # 2.
    key = _trusted(page, before.key, verifier)
    named, _, signed = signature.partition(":")
    if named != key or not verifier.verify(key, _bytes(signed), _PAGE_PREFIX + body):
        _refuse("The signature is not that of the key that is trusted.")
    # 3.
    if (page.nonce, page.after, page.previous) != (nonce, before.after, before.digest):
        _refuse("What came is the answer to another question; an old page was played back.")
    # 4.
    if before.to and page.to != before.to:
        _refuse("What came was made for somebody else.")
    if before.installation and (page.installation, page.epoch) != (before.installation, before.epoch):
        _refuse("The feed is that of another installation, or of one that was set back.")
    # 5.
    told, bad = _told(page)
    return ReadPage(
        Position(page.installation, page.epoch, page.next, digest_of(body), key, page.to), told, bad, page.more
    )


def _told(page: FeedPage) -> tuple[tuple[Told, ...], tuple[Bad, ...]]:
    last, told, bad = page.after, [], []
    for raw in page.items:
        try:
            item = _items.decode(raw)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            bad.append(Bad("", f"It is no item of a feed: {str(error)[:100]}."))
            continue
        # A canary has the number of the entry beside it.
        if not last <= item.sequence <= page.next or item.sequence <= page.after:
            _refuse("Numbers on the feed go back, or beyond the page.")
        last = item.sequence
        found = _item_told(item)
        if isinstance(found, Bad):
            bad.append(found)
        else:
            told.append(found)
    if page.next < page.after:
        _refuse("The feed goes back behind what it told before.")
    return tuple(told), tuple(bad)


def _item_told(item: FeedItem) -> Told | Bad:
    if parse_entry(item.entry) is None:
        return Bad(item.entry[:64], "It has no id of an entry.")
    try:
        hashes = tuple([_hash(one) for one in item.hashes])
        opinions = {OpinionKind(kind) for kind in item.opinions}
    except HashFormatError as error:
        return Bad(item.entry, error.public)
    except ValueError as error:
        return Bad(item.entry, f"{error}.")
    return Told(
        reference=item.entry,
        version=item.sequence,
        withdrawn=item.withdrawn,
        bank=item.bank,
        hashes=hashes,
        opinion=_opinion(opinions, disputed=item.disputed),
        labels=tuple(item.labels),
    )


def _hash(one: FeedHash) -> Hash:
    return Hash.from_hex(
        one.value,
        quality=one.quality,
        signal_type=one.type,
        pipeline=Pipeline(one.pipeline),
        variant=Variant(one.variant),
        at_ms=one.at_ms,
    )


def _opinion(kinds: set[OpinionKind], *, disputed: bool) -> OpinionKind | None:
    """Return the most doubtful of what people there think."""
    if OpinionKind.FALSE_POSITIVE in kinds:
        return OpinionKind.FALSE_POSITIVE
    if disputed or OpinionKind.DISPUTED in kinds:
        return OpinionKind.DISPUTED
    return OpinionKind.TRUE_POSITIVE if kinds else None


def _trusted(page: FeedPage, key: str, verifier: Verifier) -> str:
    """Follow the succession of keys from the one that is trusted."""
    for change in page.keys:
        if verifier.verify(key, _bytes(change.signature), _succession(page.installation, change.key)):
            key = change.key
    return key


def _succession(installation: str, key: str) -> bytes:
    return _KEY_PREFIX + f"{installation}|{key}".encode()


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _refuse(why: str, error: Exception | None = None) -> NoReturn:
    msg = f"{why} Nothing of it was taken."
    raise PartnerDistrusted(msg, detail=str(error)[:100] if error else "") from error
