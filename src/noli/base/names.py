# SPDX-License-Identifier: Apache-2.0
"""Names that people give to banks and keys: they stand in paths, logs and command lines, so they are plain."""

import re

from noli.base.errors import InputError

#: What a name looks like. No name begins with a dot or holds a slash.
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"

_NAME = re.compile(NAME_PATTERN)


def check_name(name: str, *, of: str) -> None:
    """Refuse a name that could not stand in a path.

    Args:
        name: The name.
        of: Whose name it is, for the error: "bank".

    Raises:
        InputError: It does not look like a name.
    """
    if not _NAME.fullmatch(name):
        msg = f"The name of a {of} has 1 to 64 letters, digits, '.', '-' or '_' and begins with a letter or digit."
        raise InputError(msg)
