# SPDX-License-Identifier: Apache-2.0
"""Knows under which names anybody can register: ``pursuit.ports.Domains``, by the Public Suffix List.

The list comes with the library and is as old as the version that ``requirements.lock`` pins; nothing is fetched.
"""

from functools import cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList


class PublicSuffixes:
    """Finds the registered domain of a host; suffixes that companies let others use (``github.io``) count as well."""

    def registered(self, host: str) -> str:
        """Return the domain that somebody registered and that a host is in."""
        name = _plain(host)
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            return _suffixes().privatesuffix(name) or name
        return name


def _plain(host: str) -> str:
    name = host.strip().rstrip(".").lower()
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


@cache
def _suffixes() -> PublicSuffixList:
    """Read the list when it is first needed; it takes some 50 ms."""
    return PublicSuffixList()
