"""The worst documents that the contract allows: every text in them is the given one."""

from __future__ import annotations

import json
import pkgutil
from typing import Any

_CONTRACT = json.loads(pkgutil.get_data("flowkit_api", "openapi.json") or b"")
_AT = "2026-11-20T10:00:00Z"


def answer_of(operation: Any, text: str) -> object:
    """Return what an operation answers when all goes well.

    Args:
        operation: A `flowkit_gateway.contract.Operation`.
        text: What every text is that has no form of its own.
    """
    responses = _CONTRACT["paths"][operation.path][operation.method.lower()]["responses"]
    answer = responses[min(status for status in responses if status != "default")]
    return _worst(answer["content"]["application/json"]["schema"], text)


def _worst(schema: Any, text: str) -> object:
    if "$ref" in schema:
        return _worst(_CONTRACT["components"]["schemas"][schema["$ref"].rpartition("/")[2]], text)
    match schema.get("type"):
        case "object":
            document: dict[str, object] = {
                name: _worst(value, text)
                for name, value in schema.get("properties", {}).items()
                if name != "next_page_token"
            }
            values = schema.get("additionalProperties")
            return document | ({text: _worst(values, text)} if values else {})
        case "array":
            return [_worst(schema["items"], text)]
        case "integer" | "number":
            return 1
        case "boolean":
            return False
    return _AT if schema.get("format") == "date-time" else text
