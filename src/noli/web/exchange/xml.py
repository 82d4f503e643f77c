# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the small XML that NCMEC's protocol needs; what comes in is read without entities or a DTD."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from noli.base.errors import InputError

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def element(tag: str, /, *content: str, **attributes: str | int) -> str:
    """Write an element whose content is written already."""
    said = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    inside = "".join(content)
    return f"<{tag}{said}>{inside}</{tag}>" if inside else f"<{tag}{said}/>"


def text(tag: str, content: str, /, **attributes: str | int) -> str:
    """Write an element that holds text."""
    return element(tag, escape(content), **attributes)


def document(namespace: str, tag: str, parts: Iterable[str], /, **attributes: str | int) -> bytes:
    """Write a document."""
    return f"{_HEAD}{element(tag, *parts, xmlns=namespace, **attributes)}".encode()


def parse(body: bytes) -> Element:
    """Read a document, names without their namespaces.

    Raises:
        InputError: It is not well-formed, or has a DTD or entities.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        msg = "The body is not XML that is read here: well-formed, without DTD and entities."
        raise InputError(msg) from error
    for each in root.iter():
        each.tag = each.tag.rpartition("}")[2]
    return root
