# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.1 document, made from the table of routes and the structs that it names."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

import noli
from noli.web.api.operation import Kind, Operation, Reply
from noli.web.api.problems import MEDIA_TYPE, STATUS, Problem

_REF = "#/components/schemas/{name}"

# Codes that any route may answer with, and those that routes with a key or a body add.
_ALWAYS = ("throttled", "internal", "unavailable")
_WITH_KEY = ("unauthenticated", "forbidden")
_WITH_BODY = ("invalid-input", "too-large", "unsupported-media-type")

#: What a path parameter must look like.
PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "bank": {"type": "string", "minLength": 1, "maxLength": 64},
    "entry": {"type": "string", "minLength": 1, "maxLength": 64},
    "check": {"type": "string", "minLength": 1, "maxLength": 64},
    "notice": {"type": "string", "minLength": 1, "maxLength": 64},
    "complaint": {"type": "string", "minLength": 1, "maxLength": 9},
    "hold": {"type": "string", "minLength": 1, "maxLength": 9},
    "case": {"type": "string", "minLength": 1, "maxLength": 64},
    "pursuit": {"type": "string", "minLength": 1, "maxLength": 64},
    "package": {"type": "string", "minLength": 8, "maxLength": 64},
    "number": {"type": "integer", "minimum": 1},
    "record": {"type": "string", "minLength": 1, "maxLength": 64},
    "webhook": {"type": "string", "minLength": 1, "maxLength": 64},
    "delivery": {"type": "integer", "minimum": 1},
    "partner": {"type": "string", "minLength": 1, "maxLength": 64},
    "size": {"type": "integer", "minimum": 1},
    "sequence": {"type": "integer", "minimum": 1},
}


def described(operations: Sequence[Operation]) -> Reply:
    """Answer with the document that describes these operations."""
    return Reply(msgspec.json.encode(document(operations)))


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """Describe these operations.

    Returns:
        An OpenAPI 3.1 document, ready to be encoded.
    """
    structs = _structs(operations)
    schemas, components = msgspec.json.schema_components(structs, ref_template=_REF)
    by_type = dict(zip(structs, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, by_type)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Noli",
            "version": noli.__version__,
            "summary": "Ask whether an upload shows a protected picture; manage the banks that protect them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _structs(operations: Sequence[Operation]) -> list[type[Any]]:
    found: dict[type[Any], None] = {Problem: None}
    for operation in operations:
        found.update(dict.fromkeys(each for each in (operation.answer, operation.query) if each is not None))
        found.update(dict.fromkeys(each for each in operation.body.values() if each is not bytes))
    return list(found)


def _described(operation: Operation, schemas: Mapping[type[Any], Any]) -> dict[str, Any]:
    name = re.sub(r"\W+", "_", f"{operation.method.lower()}_{operation.path.removeprefix('/api/v1/')}").strip("_")
    described: dict[str, Any] = {
        "operationId": name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _success(operation, schemas), **_problems(operation, schemas)},
        "security": [{"key": []}] if operation.scope else [],
    }
    if operation.scope:
        described["x-scope"] = str(operation.scope)
    if operation.body:
        content = {str(kind): {"schema": _body(kind, each, schemas)} for kind, each in operation.body.items()}
        if Kind.FILE in operation.body:
            content["image/*"] = content[Kind.FILE]
        described["requestBody"] = {"required": True, "content": content}
    return described


def _body(kind: Kind, struct: type[Any], schemas: Mapping[type[Any], Any]) -> Any:  # noqa: ANN401 - a JSON schema
    return {} if kind is Kind.FILE else schemas[struct]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": PATH_PARAMETERS[name]}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    if operation.query is not None:
        _, components = msgspec.json.schema_components([operation.query], ref_template=_REF)
        properties = components[operation.query.__name__]["properties"]
        found += [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]
    if operation.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "The same key with the same body gives the same answer again and changes nothing.",
                "schema": {"type": "string", "pattern": "^[!-~]*$", "maxLength": 128},
            }
        )
    return found


def _success(operation: Operation, schemas: Mapping[type[Any], Any]) -> dict[str, Any]:
    schema = schemas[operation.answer] if operation.answer is not None else {}
    return {"description": "Done.", "content": {operation.media_type: {"schema": schema}}}


def _problems(operation: Operation, schemas: Mapping[type[Any], Any]) -> dict[str, Any]:
    codes = [*_ALWAYS, *operation.problems]
    codes += _WITH_KEY if operation.scope else ()
    codes += _WITH_BODY if operation.body else ("invalid-input",) if operation.query else ()
    codes += ("invalid-input", "conflict") if operation.idempotent else ()
    codes += ("not-found",) if "{" in operation.path else ()
    by_status: dict[int, dict[str, str]] = {}
    for code in codes:
        status, title = STATUS[code]
        by_status.setdefault(status, {})[code] = title
    content = {MEDIA_TYPE.decode("ascii"): {"schema": schemas[Problem]}}
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {title}" for code, title in found.items()),
            "content": content,
        }
        for status, found in sorted(by_status.items())
    }
