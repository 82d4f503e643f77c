# SPDX-License-Identifier: Apache-2.0
"""How much a case may hold, and what a submission must have. Refusals never tell what is in a bank.

Each number is a bound against flooding, with room over what people need; pages show them before they are met.
"""

from urllib.parse import urlsplit

from noli.bank.service import check_hashes
from noli.base.errors import InputError
from noli.casework.model import (
    AgeAnswer,
    Case,
    ItemKind,
    NewItem,
    NewLink,
    Recipient,
    Reporter,
    Situation,
    Submission,
)

#: Items in one submission, and in one case over time.
MAX_ITEMS_AT_ONCE, MAX_ITEMS = 20, 200

#: Hashes of one picture: eight forms of the whole and of some thirty crops.
MAX_HASHES_OF_IMAGE = 256

#: Hashes of one video: ten minutes at one frame a second in eight forms, and some reserve.
MAX_HASHES_OF_VIDEO = 6000

#: Longest time stamp in a video, in milliseconds: twelve hours.
MAX_TIME_MS = 12 * 3600 * 1000

#: Links in one submission, and in one case.
MAX_LINKS_AT_ONCE, MAX_LINKS = 50, 500

#: Messages and notes that one case holds.
MAX_MESSAGES = 500

#: Lengths of texts in characters.
MAX_LABEL, MAX_URL, MAX_CONTACT, MAX_REPRESENTATIVE = 80, 2048, 320, 200
MAX_NARRATIVE, MAX_MESSAGE, MAX_NOTE = 4000, 4000, 1000

#: Bytes of one body that submits or adds: 64 KiB for the texts and for each picture; a video counts as ten pictures.
BODY_BYTES = 64 * 1024
VIDEO_BODIES = 10

#: Languages with pages and a word list.
LANGUAGES = ("en", "de")


def max_body_bytes(items: int, videos: int = 0) -> int:
    """Return how many bytes a body with so many items, so many of them videos, may have."""
    return BODY_BYTES * (1 + items + (VIDEO_BODIES - 1) * videos)


def check_age(age: AgeAnswer) -> None:
    """Refuse what may show somebody under 18. Raises InputError."""
    if age is not AgeAnswer.ADULT:
        msg = "Nothing was stored. Where somebody who is shown is or may be under 18, other services help."
        raise InputError(msg)


def check_submission(submission: Submission) -> None:
    """Refuse a submission that must leave no trace or cannot be used.

    Raises:
        InputError: Somebody shown is, or may be, under 18; or a part is missing, too long or too much.
    """
    check_age(submission.age)
    if submission.language not in LANGUAGES:
        msg = f"The language must be one of {', '.join(LANGUAGES)}."
        raise InputError(msg)
    _match_situation(submission)
    for text, longest, what in (
        (submission.contact, MAX_CONTACT, "contact"),
        (submission.narrative, MAX_NARRATIVE, "text"),
        (submission.representative, MAX_REPRESENTATIVE, "name of the representative"),
    ):
        check_text(text, longest, what)
    check_items(submission.items, held=0)
    check_links(submission.links, held=0)


def _match_situation(submission: Submission) -> None:
    if submission.situation is Situation.FILES and not submission.items:
        msg = "There is no picture or video in what was sent."
        raise InputError(msg)
    if submission.situation is Situation.LINKS and not submission.links:
        msg = "There is no link in what was sent."
        raise InputError(msg)
    if submission.items and Recipient.HERE not in submission.consents:
        msg = "To protect a picture here, matching here needs your consent."
        raise InputError(msg)
    if submission.reporter is Reporter.DEPICTED_PERSON and submission.representative:
        msg = "A representative is named, but who submits is said to be the person shown."
        raise InputError(msg)


def check_items(items: tuple[NewItem, ...], *, held: int) -> None:
    """Refuse items that are too many, too large or of hashes that no picture has.

    Args:
        items: What is to be added.
        held: How many the case has already.

    Raises:
        InputError: Says what is wrong with which, counted from 1.
    """
    if len(items) > MAX_ITEMS_AT_ONCE or held + len(items) > MAX_ITEMS:
        msg = f"Up to {MAX_ITEMS_AT_ONCE} pictures and videos can be sent at once, {MAX_ITEMS} in one case."
        raise InputError(msg)
    for number, item in enumerate(items, 1):
        try:
            _check_item(item)
        except InputError as error:
            msg = f"Picture or video {number}: {error.public}"
            raise InputError(msg) from error


def _check_item(item: NewItem) -> None:
    check_text(item.label, MAX_LABEL, "label")
    most = MAX_HASHES_OF_VIDEO if item.kind is ItemKind.VIDEO else MAX_HASHES_OF_IMAGE
    if len(item.hashes) > most:
        msg = f"It has {len(item.hashes)} hashes; {most} can stand for it."
        raise InputError(msg)
    if len(item.times_ms) != (len(item.hashes) if item.kind is ItemKind.VIDEO else 0):
        msg = "The hashes of a video have one time each, those of a picture none."
        raise InputError(msg)
    if any(not 0 <= time <= MAX_TIME_MS for time in item.times_ms):
        msg = "A time in a video lies between 0 and twelve hours, in milliseconds."
        raise InputError(msg)
    check_hashes(item.hashes)


def check_links(links: tuple[NewLink, ...], *, held: int) -> None:
    """Refuse links that are too many or are none. Raises InputError."""
    if len(links) > MAX_LINKS_AT_ONCE or held + len(links) > MAX_LINKS:
        msg = f"Up to {MAX_LINKS_AT_ONCE} links can be sent at once, {MAX_LINKS} in one case."
        raise InputError(msg)
    for number, link in enumerate(links, 1):
        check_text(link.url, MAX_URL, f"link {number}")
        check_text(link.note, MAX_LABEL, f"note on link {number}")
        if not _is_address(link.url.strip()):
            msg = f"Link {number} is no web address; it begins with https:// or http://."
            raise InputError(msg)


def check_messages(case: Case) -> None:
    """Refuse one more message or note. Raises InputError."""
    if len(case.messages) + len(case.notes) >= MAX_MESSAGES:
        msg = f"This case has {MAX_MESSAGES} messages already."
        raise InputError(msg)


def check_text(text: str, longest: int, what: str, *, least: int = 0) -> None:
    """Refuse a text that is too long, too short or holds what no text holds. Raises InputError."""
    if len(text) > longest:
        msg = f"The {what} may have {longest} characters; it has {len(text)}."
        raise InputError(msg)
    if len(text.strip()) < least:
        msg = f"The {what} is empty."
        raise InputError(msg)
    if any(ord(character) < ord(" ") and character not in "\n\r\t" for character in text) or not _encodable(text):
        msg = f"The {what} holds characters that cannot be stored."
        raise InputError(msg)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(map(str.isspace, url))


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
