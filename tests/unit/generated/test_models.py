"""Models: keyword-only, nested, open to newer gateways, silent about what is absent."""

from __future__ import annotations

import copy
import json
import pickle
import typing
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import attrs
import flowkit_api.models
import msgspec
import pytest
from flowkit_api import InvalidBody
from flowkit_api.codec import Model, decode, encode
from flowkit_api.models import (
    EngineName,
    InstanceType,
    LogChunk,
    Money,
    Problem,
    Server,
    Task,
    TaskCreate,
    TaskPage,
    TaskStatus,
)

from . import samples

SCHEMAS = json.loads((files("flowkit_api") / "openapi.json").read_bytes())["components"]["schemas"]
TEXT_OF_FORMAT = {None: "text", "date-time": samples.TIME}


def models() -> list[type[Model]]:
    kinds = [getattr(flowkit_api.models, name) for name in flowkit_api.models.__all__]
    return [kind for kind in kinds if issubclass(kind, Model)]


def fields(model: type[Model]) -> tuple[attrs.Attribute[Any], ...]:
    found: tuple[attrs.Attribute[Any], ...] = model.__attrs_attrs__  # type: ignore[attr-defined]  # only its subclasses are attrs classes
    return found


def complete(schema: dict[str, Any]) -> Any:
    """Make a value that has everything that the schema names."""
    match schema:
        case {"$ref": reference}:
            return complete(SCHEMAS[reference.rpartition("/")[2]])
        case {"allOf": parts}:
            return {name: value for part in parts for name, value in complete(part).items()}
        case {"enum": values}:
            return values[-1]
        case {"properties": properties}:
            return {name: complete(value) for name, value in properties.items()}
        case {"additionalProperties": value}:
            return {"KEY": complete(value)}
        case {"items": item}:
            return [complete(item)]
        case {"type": "string"}:
            return TEXT_OF_FORMAT[schema.get("format")]
        case {"type": "boolean"}:
            return False
        case {"type": kind}:
            return {"integer": 0, "number": 0.5}[kind]
    raise AssertionError(f"no value for {schema}")


each_model = pytest.mark.parametrize("model", models())


@each_model
def test_everything_in_the_contract_is_read_and_written(model: type[Model]) -> None:
    document = complete(SCHEMAS[model.__name__])
    assert document.keys() == {field.name for field in fields(model)}
    read = decode(json.dumps(document).encode(), model)
    assert read == model.from_dict(document)
    assert read.to_dict() == document
    assert json.loads(encode(read)) == document


@each_model
def test_what_the_contract_requires_is_required(model: type[Model]) -> None:
    schema = SCHEMAS[model.__name__]
    parts = [
        SCHEMAS[p["$ref"].rpartition("/")[2]] if "$ref" in p else p for p in schema.get("allOf", [])
    ]
    required = {name for part in [schema, *parts] for name in part.get("required", [])}
    assert {field.name for field in fields(model) if field.default is attrs.NOTHING} == required
    for name in required:
        document = complete(schema)
        del document[name]
        with pytest.raises(InvalidBody, match=f"missing required field `{name}`"):
            model.from_dict(document)


@each_model
def test_every_field_has_a_type_that_can_be_resolved(model: type[Model]) -> None:
    hints = typing.get_type_hints(model)
    assert list(hints) == [field.name for field in fields(model)]
    assert all(field.kw_only for field in fields(model))
    msgspec.json.Decoder(model)


@each_model
def test_an_optional_field_is_none_unless_given(model: type[Model]) -> None:
    for field in fields(model):
        assert field.default in (None, attrs.NOTHING)
        assert (field.default is None) == ("None" in str(field.type))


def test_maps_are_dicts_and_have_no_class() -> None:
    assert typing.get_type_hints(TaskCreate)["env"] == dict[str, str] | None
    assert [name for name in flowkit_api.models.__all__ if "Env" in name] == []


def test_nested_models_times_and_enums_are_read() -> None:
    server = decode(json.dumps(samples.SERVER).encode(), Server)
    assert server.limits.memory_gb == 64.5
    assert server.started_at == datetime(2026, 11, 21, 1, 0, 0, 500_000, UTC)
    assert server.engine is EngineName.LOCAL
    instance_type = InstanceType.from_dict(samples.INSTANCE_TYPE)
    assert instance_type.price_per_hour == Money(amount_minor=199, currency="USD")


def test_null_is_absent_and_unknown_fields_are_ignored() -> None:
    task = decode(json.dumps({**samples.TASK, "reason": None, "flavour": [1]}).encode(), Task)
    assert task.reason is None
    assert task.to_dict() == samples.TASK


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"command": "true"}, r"not a Task: Expected .*\$\.command"),
        ({"created_at": "yesterday"}, r"not a Task: Invalid .*\$\.created_at"),
    ],
)
def test_a_wrong_type_is_refused_and_located(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidBody, match=where):
        Task.from_dict({**samples.TASK, **change})


def test_what_is_absent_is_not_written() -> None:
    body = TaskCreate(command=[], env={"A": ""}, priority=0, max_price_per_hour=None)
    assert json.loads(encode(body)) == {"command": [], "env": {"A": ""}, "priority": 0}
    page = TaskPage(items=[Task.from_dict(samples.TASK)])
    assert json.loads(encode(page)) == {"items": [samples.TASK]} == page.to_dict()
    assert json.loads(encode([Money(amount_minor=1, currency="EUR")])) == [
        {"amount_minor": 1, "currency": "EUR"}
    ]


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})


def test_a_copy_is_equal() -> None:
    task = Task.from_dict(samples.TASK)
    assert task == copy.deepcopy(task) == pickle.loads(pickle.dumps(task))
    assert task != attrs.evolve(task, attempt=2)


def test_positional_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        Money(1, "USD")  # type: ignore[call-arg]  # what is tested


def test_an_unknown_enum_value_is_kept() -> None:
    page = decode(
        json.dumps({"items": [{**samples.TASK, "status": "hibernating"}]}).encode(), TaskPage
    )
    status = page.items[0].status
    assert isinstance(status, TaskStatus)
    assert status == "hibernating" == str(status) == status.value
    assert status in {"hibernating"}
    assert status not in list(TaskStatus)
    assert status == TaskStatus("hibernating") == copy.deepcopy(status)
    assert pickle.loads(pickle.dumps(status)) == status
    assert json.loads(encode(page))["items"][0]["status"] == "hibernating"
    assert repr(status) == "<TaskStatus.HIBERNATING: 'hibernating'>"


def test_a_known_enum_value_is_its_member() -> None:
    assert TaskStatus("running") is TaskStatus.RUNNING
    assert pickle.loads(pickle.dumps(TaskStatus.RUNNING)) is TaskStatus.RUNNING
    with pytest.raises(ValueError, match="7 is not a valid TaskStatus"):
        TaskStatus(7)  # type: ignore[arg-type]  # what is tested


def test_error_documents_are_models_too() -> None:
    problem = Problem.from_dict(samples.PROBLEM)
    assert problem.details is not None
    assert problem.details[0].loc == "/path/task_id"


def test_a_chunk_of_output() -> None:
    chunk = LogChunk.from_dict(samples.LOG_PAGE["chunks"][0])
    assert (chunk.text, chunk.base64) == ("loss 0.1\n", None)


def test_names_are_complete_and_loaded_once() -> None:
    assert set(flowkit_api.models.__all__) <= set(dir(flowkit_api.models))
    assert flowkit_api.models.Task is flowkit_api.models.Task
    with pytest.raises(AttributeError, match="has no attribute 'Tusk'"):
        flowkit_api.models.Tusk  # noqa: B018
