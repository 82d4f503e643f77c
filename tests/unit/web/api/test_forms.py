# SPDX-License-Identifier: Apache-2.0
"""Forms are read in memory; what is no form is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noli.base.errors import InputError
from noli.web.api.forms import parse

_TYPE = "multipart/form-data; boundary=xYzZy"


def _part(name: str, content: bytes, *, filename: str = "") -> bytes:
    said = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return b"--xYzZy\r\nContent-Disposition: " + said.encode() + b"\r\n\r\n" + content + b"\r\n"


@given(st.binary(max_size=2000).filter(lambda content: b"xYzZy" not in content))
def test_a_file_comes_out_as_it_went_in(content: bytes) -> None:
    """Every byte of the file part is kept, line breaks and dashes included."""
    form = parse(_TYPE, _part("content_ref", b"post 1") + _part("file", content, filename="a.jpg") + b"--xYzZy--\r\n")
    assert (form.file, form.fields) == (content, {"content_ref": "post 1"})


@given(st.binary(max_size=300))
def test_anything_else_is_refused_or_read_but_never_breaks(content: bytes) -> None:
    """Random bytes give a form or an InputError."""
    with suppress(InputError):
        parse(_TYPE, content)


@pytest.mark.parametrize(
    "body",
    [
        _part("file", b"1", filename="a") * 2,
        _part("field", b"1") * 17,
        _part("field", b"1" * 20_000),
    ],
)
def test_too_much_of_anything_is_refused(body: bytes) -> None:
    """Two files, too many parts, a long field."""
    with pytest.raises(InputError):
        parse(_TYPE, body + b"--xYzZy--\r\n")


def test_a_form_without_boundary_is_refused() -> None:
    """The header has to name it."""
    with pytest.raises(InputError, match="boundary"):
        parse("multipart/form-data", b"")
