# SPDX-License-Identifier: Apache-2.0
"""Fetching from partners, one module a protocol: ``exchange.ports.Fetchers``."""

from noli.adapters.partners.choose import PartnerFetchers

__all__ = ["PartnerFetchers"]
