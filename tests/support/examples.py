# SPDX-License-Identifier: Apache-2.0
"""Makes the smallest JSON that a schema of the OpenAPI document takes."""

from typing import Any

_BY_FORMAT = {"date-time": "2030-01-01T00:00:00Z", "date": "2030-01-01"}

# What more is asked of than a schema can say.
_BY_NAME = {"value": "0f" * 32}


def example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return a value that fits; only what is required is in it."""
    plain = _plain(schema, document)
    if "enum" in plain:
        return plain["enum"][0]
    kind = plain.get("type")
    if kind == "object":
        named = {name: _BY_NAME.get(name) for name in plain.get("required", ())}
        return {name: given or example(plain["properties"][name], document) for name, given in named.items()}
    if kind == "array":
        return [example(plain["items"], document) for _ in range(plain.get("minItems", 0))]
    if kind == "string":
        return _BY_FORMAT.get(plain.get("format", ""), "a" * max(1, plain.get("minLength", 1)))
    return {"integer": plain.get("minimum", 1), "boolean": True}.get(str(kind))


def _plain(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Follow references, and take the first of several."""
    while True:
        several = schema.get("anyOf") or schema.get("oneOf")
        if several:
            schema = several[0]
        elif "$ref" in schema:
            place = schema["$ref"].removeprefix("#/").split("/")
            schema = document
            for part in place:
                schema = schema[part]
        else:
            return schema
