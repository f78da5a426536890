"""The contract is a valid OpenAPI 3.1 document, and the client carries it unchanged."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_bytes())
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def members(node: Any, name: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Find each member of that name, with the path to it."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield f"{path}/{key}", value
            yield from members(value, name, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from members(value, name, f"{path}/{index}")


def schemas() -> list[tuple[str, Any]]:
    return [*CONTRACT["components"]["schemas"].items(), *members(CONTRACT, "schema")]


def test_the_client_carries_the_contract() -> None:
    written = (files("flowkit_api") / "openapi.json").read_text()
    assert json.loads(written) == CONTRACT
    assert written == json.dumps(CONTRACT, ensure_ascii=False, separators=(",", ":")) + "\n"


def test_it_is_openapi_3_1() -> None:
    assert CONTRACT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(copy.deepcopy(CONTRACT)).validate()


def test_anything_else_would_be_refused() -> None:
    broken = copy.deepcopy(CONTRACT)
    broken["paths"]["/v1/health"]["get"]["responses"] = []
    with pytest.raises(jsonschema_rs.ValidationError):
        schemathesis.openapi.from_dict(broken).validate()


@pytest.mark.parametrize(("where", "schema"), schemas())
def test_every_schema_is_json_schema(where: str, schema: dict[str, Any]) -> None:
    jsonschema_rs.meta.validate({"$schema": DIALECT, **schema})


@pytest.mark.parametrize("reference", sorted({value for _, value in members(CONTRACT, "$ref")}))
def test_every_reference_leads_somewhere(reference: str) -> None:
    target = CONTRACT
    for name in reference.removeprefix("#/").split("/"):
        target = target[name]
    assert target
