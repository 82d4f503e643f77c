# SPDX-License-Identifier: Apache-2.0
"""Whose a host is."""

import pytest

from noli.adapters.domains import PublicSuffixes


@pytest.mark.parametrize(
    ("host", "registered"),
    [
        ("mail.racks.example", "racks.example"),
        ("racks.example", "racks.example"),
        ("Abuse.Racks.Example.", "racks.example"),
        ("mail.racks.co.uk", "racks.co.uk"),
        ("www.anna.github.io", "anna.github.io"),
        ("www.bücher.example", "xn--bcher-kva.example"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("a..b", "a..b"),
        ("", ""),
    ],
)
def test_registered_domain(host: str, registered: str) -> None:
    """One label below a public suffix, those of companies included; what is no name under one stays as it is."""
    assert PublicSuffixes().registered(host) == registered


def test_neighbours_under_a_public_suffix_are_strangers() -> None:
    """Who merely has a name in the same country, or a page at the same company, is somebody else."""
    domains = PublicSuffixes()
    assert domains.registered("mail.racks.co.uk") != domains.registered("mail.evil.co.uk")
    assert domains.registered("anna.github.io") != domains.registered("evil.github.io")
