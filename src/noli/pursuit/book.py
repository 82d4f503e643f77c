# SPDX-License-Identifier: Apache-2.0
"""How the addressee book is written down, and how it is read: strictly, so that an entry without a source fails.

An entry whose way was not read on a page of the addressee's own (``basis`` is ``law``, ``official`` or signed off by a
reviewer) is *unverified*, and is shown so wherever it is shown.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from noli.base.errors import InputError
from noli.pursuit.model import Addressee, Book, Channel, ChannelKind, Rung
from noli.regimes.model import Basis, Source


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What does not allow a key that it does not know."""


class _Channel(_Strict, frozen=True, kw_only=True):
    kind: ChannelKind
    address: str
    languages: tuple[str, ...] = ("en",)
    note: str = ""


class _Addressee(_Strict, frozen=True, kw_only=True):
    name: str
    rungs: frozenset[Rung]
    channel: tuple[_Channel, ...]
    #: The page on which the channels stand.
    url: str
    checked: date
    by: str
    basis: Basis
    jurisdictions: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    asns: frozenset[int] = frozenset()
    registrars: frozenset[str] = frozenset()
    reviewed_by: str = ""
    reviewed_on: date | None = None


class _File(_Strict, frozen=True, kw_only=True):
    addressee: dict[str, _Addressee]


def book(files: Mapping[str, Mapping[str, Any]], *, places: frozenset[str]) -> Book:
    """Read the whole book.

    Args:
        files: The content of each file by its name.
        places: Codes of the jurisdictions that there are.

    Raises:
        InputError: A file cannot be used; the text names it and the place.
    """
    read: dict[str, Addressee] = {}
    for name, data in sorted(files.items()):
        try:
            content = msgspec.convert(data, _File)
        except msgspec.ValidationError as error:
            msg = f"{name}: {error}."
            raise InputError(msg) from error
        for id_, each in content.addressee.items():
            wrong = _wrong(each, places) or ("there is one of this id already" if id_ in read else "")
            if wrong:
                msg = f"{name}: {id_}: {wrong}."
                raise InputError(msg)
            read[id_] = _addressee(id_, each)
    return dict(sorted(read.items()))


def _wrong(each: _Addressee, places: frozenset[str]) -> str:
    if not each.channel or not each.rungs:
        return "an addressee has a rung and a channel"
    if unknown := each.jurisdictions - places:
        return f"unknown jurisdictions {', '.join(sorted(unknown))}"
    if bool(each.reviewed_by) != bool(each.reviewed_on):
        return "a sign-off names the reviewer and the day"
    for channel in each.channel:
        mail = "@" in channel.address and "/" not in channel.address
        form = channel.address.startswith("https://")
        if not (mail if channel.kind is ChannelKind.MAIL else form):
            return f"{channel.address!r} is no address of a {channel.kind}"
    return ""


def _addressee(id_: str, each: _Addressee) -> Addressee:
    return Addressee(
        id=id_,
        name=each.name,
        rungs=each.rungs,
        channels=tuple(Channel(one.kind, one.address, one.languages, one.note) for one in each.channel),
        jurisdictions=each.jurisdictions,
        domains=each.domains,
        dns=each.dns,
        asns=each.asns,
        registrars=each.registrars,
        source=Source(
            title=each.name,
            url=each.url,
            provision="",
            checked=each.checked,
            by=each.by,
            basis=each.basis,
            reviewed_by=each.reviewed_by,
            reviewed_on=each.reviewed_on,
        ),
    )
