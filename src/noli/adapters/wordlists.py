# SPDX-License-Identifier: Apache-2.0
"""The word lists in ``adapters/words``: read and checked once. Where they come from says ``words/LICENCES.md``."""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from noli.casework.limits import LANGUAGES
from noli.casework.receipts import check_words


class PackagedWords:
    """Word lists by language: ``casework.ports.WordLists``."""

    def words(self, language: str) -> Sequence[str]:
        """Return the list of a language, or the English one where there is none."""
        return _load(language if language in LANGUAGES else LANGUAGES[0])


@cache
def _load(language: str) -> Sequence[str]:
    words = tuple((files("noli.adapters") / "words" / f"{language}.txt").read_text("ascii").split())
    check_words(words)
    return words
