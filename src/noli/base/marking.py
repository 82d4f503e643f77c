# SPDX-License-Identifier: Apache-2.0
"""Marks sentences that pages say in other languages, where they are written; ``make messages`` collects them."""


def N_(text: str) -> str:  # noqa: N802 - gettext's name for "to be translated later"
    """Mark a text for translation; it is translated where it is shown."""
    return text
