# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document and the routes that are served are the same list, and the document is valid."""

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from noli.base import errors
from noli.web.api.openapi import PATH_PARAMETERS, document
from noli.web.api.operation import Operation, Part
from noli.web.api.problems import STATUS
from noli.web.routes import API, ROUTES

_DOCUMENT = msgspec.json.decode(msgspec.json.encode(document(API)))


def test_the_document_is_valid_openapi_31() -> None:
    """The validator of the OpenAPI initiative's schema finds nothing."""
    assert list(OpenAPIV31SpecValidator(_DOCUMENT).iter_errors()) == []


def test_routes_and_document_agree_both_ways() -> None:
    """Each route of the API is described, and nothing is described that is not routed."""
    described = {(method.upper(), path) for path, item in _DOCUMENT["paths"].items() for method in item}
    assert described == {(each.method, each.path) for each in API}
    assert len(described) == len(API)


def test_pages_are_the_only_routes_outside_the_document() -> None:
    """What is routed but not described is for browsers and asks for no key, or speaks another protocol."""
    rest = [each for each in ROUTES if each not in API]
    assert all(each.page or each.scope is None or each.part is Part.EXCHANGE or each.complain for each in rest)
    assert {each.path for each in rest if each.path.startswith("/api/")} == {"/api/v1/reference"}


@pytest.mark.parametrize("operation", API, ids=lambda each: f"{each.method} {each.path}")
def test_each_operation_says_what_it_needs(operation: Operation) -> None:
    """Security, success status and a schema for every JSON answer are described as the route has them."""
    described = _DOCUMENT["paths"][operation.path][operation.method.lower()]
    assert bool(described["security"]) == (operation.scope is not None)
    assert described.get("x-scope") == operation.scope
    assert str(operation.status) in described["responses"]
    assert described["summary"].endswith(".")
    named = {each["name"] for each in described["parameters"] if each["in"] == "path"}
    assert named <= set(PATH_PARAMETERS)


def test_every_error_code_has_a_status() -> None:
    """No error of ours reaches a caller without a status of its own."""
    codes = {
        each.code for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.NoliError)
    }
    assert codes <= set(STATUS)


def test_changing_routes_ask_for_the_scope_banks() -> None:
    """Whatever changes a bank needs the scope banks; only health, description and pages need no key."""
    changing = [each for each in API if each.path.startswith("/api/v1/banks")]
    assert {str(each.scope) for each in changing} == {"banks"}
    assert {each.path for each in API if each.scope is None} == {"/api/v1/openapi.json", "/healthz", "/readyz"}
