# SPDX-License-Identifier: Apache-2.0
"""Templates are compiled once, whatever languages there are."""

import jinja2
import pytest

from noli.web.html import render


def test_a_template_is_compiled_once_for_all_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is warm is not compiled again, in any language; the texts are each language's own."""
    render.warm("console/log_in.html")

    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(jinja2.Environment, "compile", refuse)
    for language in ("en", "de"):
        render.environment.__wrapped__(language).get_template("console/log_in.html")
    with pytest.raises(AssertionError):
        render.environment.__wrapped__("en").from_string("{% trans %}Log in{% endtrans %}")
    monkeypatch.undo()
    said = [render.environment(each).from_string("{% trans %}Log in{% endtrans %}").render() for each in ("en", "de")]
    assert said == ["Log in", "Anmelden"]
