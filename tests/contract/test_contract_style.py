"""The contract's own rules. Each is shown to hold, and to catch what breaks it."""

from __future__ import annotations

import copy
import keyword
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

Json = dict[str, Any]
Rule = Callable[[Json], Iterator[str]]

CONTRACT: Json = yaml.safe_load(
    (Path(__file__).resolve().parent.parent.parent / "openapi.yaml").read_bytes()
)

METHODS = ("get", "post", "patch", "delete")
SINGLETONS = {"health", "server"}
SELF_EVIDENT = {"region"}
# A generated model cannot have a field that hides a type its other fields are declared with.
HIDDEN_BY_A_FIELD = {"str", "int", "float", "bool", "list", "dict", "datetime"}


def operations(contract: Json) -> Iterator[tuple[str, str, Json]]:
    """Give the path, the method and each operation, its shared parameters included."""
    shared = contract["components"]["parameters"]
    for path, item in contract["paths"].items():
        for method in METHODS:
            if method in item:
                listed = item.get("parameters", []) + item[method].get("parameters", [])
                parameters = [
                    shared[p["$ref"].split("/")[-1]] if "$ref" in p else p for p in listed
                ]
                yield path, method, {**item[method], "parameters": parameters}


def target(contract: Json, node: Json) -> Json:
    """Follow a reference, if the node is one."""
    if "$ref" not in node:
        return node
    _, _, kind, name = node["$ref"].split("/")
    found: Json = contract["components"][kind][name]
    return found


def success(contract: Json, operation: Json) -> Json:
    status = next(status for status in operation["responses"] if status != "default")
    return target(contract, operation["responses"][status])


def properties(contract: Json) -> Iterator[tuple[str, str, Json]]:
    """Give the schema's name, the property's name and the schema of each property."""
    for name, schema in contract["components"]["schemas"].items():
        for part in [schema, *schema.get("allOf", [])]:
            for key, value in part.get("properties", {}).items():
                yield name, key, value


def places(contract: Json) -> Iterator[tuple[str, Json]]:
    """Give each place where a schema is used, rather than named."""
    for path, method, operation in operations(contract):
        where = f"{method} {path}"
        for parameter in operation["parameters"]:
            yield f"{where} {parameter['name']}", parameter["schema"]
        answers = [target(contract, answer) for answer in operation["responses"].values()]
        for carrier in [operation.get("requestBody", {}), *answers]:
            for content_type, content in carrier.get("content", {}).items():
                yield f"{where} {content_type}", content["schema"]
    for name, key, value in properties(contract):
        yield f"{name}.{key}", value


def nested(schema: Json) -> Iterator[Json]:
    yield schema
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nested(schema[key])


# Operations


def paths_are_plural_nouns(contract: Json) -> Iterator[str]:
    for path in contract["paths"]:
        match = re.fullmatch(r"/v1/([a-z_]+)((?:/\{[a-z_]+\})?(?:/[a-z_]+s)?)(?::[a-z_]+)?", path)
        if not match or not (match[1].endswith("s") or match[1] in SINGLETONS):
            yield path


def operation_ids_are_a_verb_and_a_noun(contract: Json) -> Iterator[str]:
    seen = set()
    for path, method, operation in operations(contract):
        name = operation["operationId"]
        wanted = {"patch": "update_", "delete": "delete_"}.get(method, "")
        if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or not name.startswith(wanted):
            yield f"{method} {path}: {name}"
        if name in seen:
            yield f"{name} twice"
        seen.add(name)


def operations_have_one_declared_tag(contract: Json) -> Iterator[str]:
    declared = {tag["name"] for tag in contract["tags"]}
    for path, method, operation in operations(contract):
        if len(operation["tags"]) != 1 or not declared.issuperset(operation["tags"]):
            yield f"{method} {path}: {operation['tags']}"


def operations_are_secured(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        if not operation.get("security") or {} in operation["security"]:
            yield f"{method} {path}"


def operations_have_a_summary(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        if not re.fullmatch(r"[A-Z][^\n]{5,90}\.", operation.get("summary", "")):
            yield f"{method} {path}"


def parameters_are_described(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        for parameter in operation["parameters"]:
            if parameter["name"] not in SELF_EVIDENT and not parameter.get("description"):
                yield f"{method} {path}: {parameter['name']}"


def parameters_are_plain(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        for parameter in operation["parameters"]:
            schema = target(contract, parameter["schema"])
            items = target(contract, schema.get("items", {}))
            repeated = schema["type"] != "array" or parameter.get("explode")
            if "object" in (schema["type"], items.get("type")) or not repeated:
                yield f"{method} {path}: {parameter['name']}"


def path_parameters_are_declared(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        declared = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        if declared != set(re.findall(r"\{(\w+)\}", path)):
            yield f"{method} {path}"


IDENTIFIED_BY_CONTENT = {"create_snapshot"}
"""Creates that find the same thing when they are repeated, as its id follows from what it is."""


def creates_take_an_idempotency_key(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        name = operation["operationId"]
        creates = method == "post" and (":" not in path or name.startswith("create_"))
        creates = creates and name not in IDENTIFIED_BY_CONTENT
        if creates != ("Idempotency-Key" in {p["name"] for p in operation["parameters"]}):
            yield f"{method} {path}"


def lists_are_paged(contract: Json) -> Iterator[str]:
    for path, _, operation in operations(contract):
        paged = {"page_size", "page_token"} & {p["name"] for p in operation["parameters"]}
        if not operation["operationId"].startswith("list_"):
            if paged:
                yield f"{path} is no list"
            continue
        (content,) = success(contract, operation)["content"].values()
        page = target(contract, content["schema"])
        names = list(page["properties"])
        if (
            len(paged) != 2
            or names != ["items", "next_page_token"]
            or page["required"] != ["items"]
        ):
            yield path


# Bodies


def failures_are_problems(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        answer = target(contract, operation["responses"].get("default", {}))
        schema = answer.get("content", {}).get("application/problem+json", {}).get("schema")
        if schema != {"$ref": "#/components/schemas/Problem"}:
            yield f"{method} {path}"


def one_success_of_one_content_type(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        others = [status for status in operation["responses"] if status != "default"]
        # A part of what 200 answers whole (RFC 9110, 15.3.7) is of the same kind.
        if others == ["200", "206"] and is_ranged(contract, operation):
            continue
        if len(others) != 1 or others[0] not in {"200", "201", "204"}:
            yield f"{method} {path}: {others}"
            continue
        wanted = 0 if others == ["204"] else 1
        if len(success(contract, operation).get("content", {})) != wanted:
            yield f"{method} {path}"
        if len(operation.get("requestBody", {}).get("content", {"": None})) != 1:
            yield f"{method} {path}: body"


def is_ranged(contract: Json, operation: Json) -> bool:
    whole, part = (target(contract, operation["responses"][status]) for status in ("200", "206"))
    ranged = "Range" in {parameter["name"] for parameter in operation["parameters"]}
    return ranged and whole["content"] == part["content"] and len(part["content"]) == 1


def request_bodies_are_required_and_closed(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        if body := operation.get("requestBody"):
            (content,) = body["content"].values()
            schema = target(contract, content["schema"])
            is_closed = schema.get("unevaluatedProperties") is False
            if not body.get("required") or not (is_closed or schema.get("format") == "binary"):
                yield f"{method} {path}"


def parameters_are_bounded(contract: Json) -> Iterator[str]:
    for path, method, operation in operations(contract):
        for parameter in operation["parameters"]:
            if not is_bounded(contract, parameter["schema"]):
                yield f"{method} {path}: {parameter['name']}"


def is_bounded(contract: Json, schema: Json) -> bool:
    schema = target(contract, schema)
    match schema["type"]:
        case "string":
            anchored = re.fullmatch(r"\^.*\}\$", schema.get("pattern", ""))
            return bool({"enum", "maxLength", "format"} & schema.keys() or anchored)
        case "array":
            return "maxItems" in schema and is_bounded(contract, schema["items"])
        case "integer":
            return {"minimum", "maximum"} <= schema.keys()
        case "number":
            return bool({"minimum", "exclusiveMinimum"} & schema.keys())
    return True


# Schemas


def schemas_are_named(contract: Json) -> Iterator[str]:
    for where, schema in places(contract):
        for part in nested(schema):
            if {"properties", "allOf", "enum"} & part.keys():
                yield where
            if part.get("type") == "object" and "additionalProperties" not in part:
                yield where


def there_are_no_unions(contract: Json) -> Iterator[str]:
    named = contract["components"]["schemas"].items()
    for where, schema in [*places(contract), *named]:
        for part in nested(schema):
            if {"oneOf", "anyOf", "not", "nullable"} & part.keys():
                yield where
            if isinstance(part.get("type"), list):
                yield where


def defaults_are_the_gateways(contract: Json) -> Iterator[str]:
    for where, schema in places(contract):
        if any({"default", "const"} & part.keys() for part in nested(schema)):
            yield where


def names_are_snake_case(contract: Json) -> Iterator[str]:
    for name, key, _ in properties(contract):
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", key) or keyword.iskeyword(key):
            yield f"{name}.{key}"
        if key in HIDDEN_BY_A_FIELD:
            yield f"{name}.{key} hides a type"
    for name, schema in contract["components"]["schemas"].items():
        if not re.fullmatch(r"([A-Z][a-z]+)+", name):
            yield name
        yield from (
            f"{name}: {value}"
            for value in schema.get("enum", [])
            if not re.fullmatch(r"[a-z]+(_[a-z]+)*", value)
        )


def times_are_times(contract: Json) -> Iterator[str]:
    for name, key, schema in properties(contract):
        if (key.endswith("_at") or key in {"at", "time"}) != (schema.get("format") == "date-time"):
            yield f"{name}.{key}"


def required_properties_exist(contract: Json) -> Iterator[str]:
    for name, schema in contract["components"]["schemas"].items():
        for part in [schema, *schema.get("allOf", [])]:
            missing = set(part.get("required", [])) - part.get("properties", {}).keys()
            yield from (f"{name}.{key}" for key in missing)


# What breaks each rule: where in the contract, and what is put there.
GET_TASK = "paths /v1/tasks/{task_id} get"
LIST_TASKS = "paths /v1/tasks get"
CREATE_TASK = "paths /v1/tasks post"
TASK_CREATE = "components schemas TaskCreate"
MONEY = "components schemas Money properties amount_minor"
NONE = object()

BREAKS: dict[Rule, list[tuple[str, Any]]] = {
    paths_are_plural_nouns: [("paths /v1/task", {}), ("paths /v2/tasks", {})],
    operation_ids_are_a_verb_and_a_noun: [
        (f"{GET_TASK} operationId", "getTask"),
        (f"{GET_TASK} operationId", "list_tasks"),
        ("paths /v1/tasks/{task_id} delete operationId", "remove_task"),
    ],
    operations_have_one_declared_tag: [
        (f"{GET_TASK} tags", ["tasks", "events"]),
        (f"{GET_TASK} tags", ["jobs"]),
    ],
    operations_are_secured: [(f"{GET_TASK} security", NONE), (f"{GET_TASK} security", [{}])],
    operations_have_a_summary: [(f"{GET_TASK} summary", NONE), (f"{GET_TASK} summary", "get it")],
    parameters_are_described: [("components parameters PageSize description", NONE)],
    parameters_are_plain: [
        ("components parameters PageSize schema", {"type": "object"}),
        (f"{LIST_TASKS} parameters 2 explode", NONE),
    ],
    path_parameters_are_declared: [("paths /v1/tasks/{task_id} parameters", [])],
    creates_take_an_idempotency_key: [(f"{CREATE_TASK} parameters", [])],
    lists_are_paged: [
        (f"{LIST_TASKS} parameters", []),
        ("components schemas TaskPage properties next_page_token", NONE),
    ],
    failures_are_problems: [(f"{GET_TASK} responses default", NONE)],
    one_success_of_one_content_type: [
        (f"{GET_TASK} responses 202", {}),
        (f"{GET_TASK} responses 200 content text/plain", {"schema": {"type": "string"}}),
        (f"{CREATE_TASK} requestBody content text/plain", {"schema": {"type": "string"}}),
        (f"{GET_TASK} responses 206", {"content": {}}),
        ("paths /v1/files:read get responses 206 content", {"text/plain": {}}),
    ],
    request_bodies_are_required_and_closed: [
        (f"{CREATE_TASK} requestBody required", NONE),
        (f"{TASK_CREATE} unevaluatedProperties", NONE),
    ],
    parameters_are_bounded: [
        ("components parameters PageSize schema maximum", NONE),
        ("components parameters PageToken schema maxLength", NONE),
    ],
    schemas_are_named: [
        (MONEY, {"type": "object", "properties": {}}),
        (MONEY, {"type": "array", "items": {"type": "string", "enum": ["a"]}}),
        (f"{GET_TASK} responses 200 content application/json schema", {"type": "object"}),
    ],
    there_are_no_unions: [
        (MONEY, {"oneOf": [{"type": "string"}]}),
        (MONEY, {"type": ["integer", "null"]}),
        ("components schemas Money", {"anyOf": []}),
    ],
    defaults_are_the_gateways: [(f"{MONEY} default", 1)],
    names_are_snake_case: [
        ("components schemas Money properties amountMinor", {"type": "integer"}),
        ("components schemas Money properties class", {"type": "integer"}),
        ("components schemas Money properties list", {"type": "integer"}),
        ("components schemas money", {}),
        ("components schemas TaskStatus enum", ["Running"]),
    ],
    times_are_times: [("components schemas Event properties at format", NONE)],
    required_properties_exist: [("components schemas Money required", ["amount"])],
}


def broken(where: str, value: Any) -> Json:
    contract = copy.deepcopy(CONTRACT)
    *path, last = where.split(" ")
    node: Any = contract
    for name in path:
        node = node[int(name) if isinstance(node, list) else name]
    if value is NONE:
        del node[last]
    else:
        node[last] = value
    return contract


@pytest.mark.parametrize("rule", BREAKS)
def test_the_contract_keeps_its_rules(rule: Rule) -> None:
    assert list(rule(CONTRACT)) == []


@pytest.mark.parametrize(
    ("rule", "where", "value"),
    [(rule, where, value) for rule, breaks in BREAKS.items() for where, value in breaks],
)
def test_a_rule_catches_what_breaks_it(rule: Rule, where: str, value: Any) -> None:
    assert list(rule(broken(where, value)))
