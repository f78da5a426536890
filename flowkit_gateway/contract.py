"""The contract as a table of operations that check what comes in."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import jsonschema_rs
import msgspec

from flowkit_gateway.complaints import complaints, did_you_mean, pointer, unknown_name
from flowkit_gateway.problems import (
    Detail,
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    ReservationNotFound,
    SecretNotFound,
    SnapshotNotFound,
    SweepNotFound,
    TaskNotFound,
    VolumeNotFound,
)

_METHODS = ("get", "post", "put", "patch", "delete")
_DOCUMENT_URI = "urn:flowkit:contract"
_MOST_QUERY_PARAMETERS = 200
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False}


class Parameter(NamedTuple):
    """A parameter of an operation."""

    name: str
    location: str
    """`path`, `query` or `header`."""
    required: bool
    repeated: bool
    """It may be given several times and is a list."""
    convert: Callable[[str], object]
    """Turn one text into a value; raises ValueError."""
    asks: str
    """What `convert` takes, in words."""
    validator: jsonschema_rs.Draft202012Validator


class Operation:
    """One operation of the contract; its validators are compiled when they are first needed.

    Args:
        contract: the whole document.
        path: the path's template.
        method: in capitals.
        item: the operation object.
        parameters: its parameter objects, those of the path first.
    """

    def __init__(
        self,
        contract: Contract,
        path: str,
        method: str,
        item: Mapping[str, Any],
        parameters: Sequence[Mapping[str, Any]],
    ) -> None:
        self.id: str = item["operationId"]
        self.tag: str = item["tags"][0]
        self.path = path
        self.method = method
        self.has_body = "requestBody" in item
        self.takes_bytes = "application/octet-stream" in item.get("requestBody", {}).get(
            "content", {}
        )
        self._contract = contract
        self._item = item
        self._parameters = parameters
        self._answers: dict[int, jsonschema_rs.Draft202012Validator | None] = {}

    @cached_property
    def query(self) -> dict[str, Parameter]:
        """The query parameters by name."""
        return self._parameters_in("query")

    @cached_property
    def headers(self) -> dict[bytes, Parameter]:
        """The header parameters by field name, in lower case."""
        found = self._parameters_in("header").items()
        return {name.lower().encode(): parameter for name, parameter in found}

    @cached_property
    def path_parameters(self) -> list[Parameter]:
        """The path parameters in the path's order."""
        found = self._parameters_in("path")
        return [found[name] for name in re.findall(r"\{(\w+)\}", self.path)]

    @cached_property
    def body(self) -> Body:
        """What the operation takes as its body."""
        schema = self._item["requestBody"]["content"]["application/json"]["schema"]
        return Body(self._contract, schema)

    def check_path(self, values: tuple[str, ...]) -> dict[str, str]:
        """Return the path parameters by name.

        Raises:
            NotFound: nothing can be at this path; of some nouns the error is their own.
        """
        checked = {}
        for parameter, value in zip(self.path_parameters, values, strict=True):
            if not parameter.validator.is_valid(value):
                raise _not_found(parameter.name)
            checked[parameter.name] = value
        return checked

    def check_query(self, query_string: bytes) -> tuple[dict[str, object], list[Detail]]:
        """Return the query parameters by name, converted, and what is wrong with them."""
        given: dict[str, list[str]] = {}
        try:
            pairs = parse_qsl(
                query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_QUERY_PARAMETERS,
            )
        except UnicodeDecodeError:
            raise MalformedRequest("the query is not percent-encoded UTF-8") from None
        except ValueError:
            raise MalformedRequest("the query has too many parameters") from None
        for name, text in pairs:
            given.setdefault(name, []).append(text)
        checked: dict[str, object] = {}
        details: list[Detail] = []
        for name, texts in given.items():
            parameter = self.query.get(name)
            if parameter is None:
                details.append(unknown_name(("query",), name, self.query))
            else:
                _check_parameter(parameter, texts, checked, details)
        return checked, details

    def check_headers(
        self, headers: Mapping[bytes, bytes]
    ) -> tuple[dict[str, object], list[Detail]]:
        """Return the header parameters by name and what is wrong with them."""
        checked: dict[str, object] = {}
        details: list[Detail] = []
        for field, parameter in self.headers.items():
            value = headers.get(field)
            if value is not None:
                _check_parameter(parameter, [value.decode("latin-1")], checked, details)
        return checked, details

    def check_answer(self, status: int, document: object) -> None:
        """Check an answer against the contract.

        Raises:
            AssertionError: it does not keep the contract.
        """
        validator = self._answers.get(status)
        if validator is None:
            answer = self._item["responses"].get(str(status), {})
            content = self._contract.resolve(answer).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            if schema is None:
                raise AssertionError(f"{self.id} has no answer {status} with a document")
            validator = self._answers[status] = self._contract.validator(schema)
        errors = complaints(validator.iter_errors(document), (), lambda _: frozenset())
        if errors:
            raise AssertionError(f"{self.id} broke the contract: {errors}")

    def _parameters_in(self, location: str) -> dict[str, Parameter]:
        return {
            item["name"]: _parameter(self._contract, item)
            for item in self._parameters
            if item["in"] == location
        }


class Body:
    """The body of an operation: a JSON document of one schema."""

    def __init__(self, contract: Contract, schema: Mapping[str, Any]) -> None:
        self._contract = contract
        self._schema = schema
        self._validator = contract.validator(schema)
        self._integers = tuple(contract.integer_paths(schema))

    def check(self, value: object) -> list[Detail]:
        """Return what is wrong with a document; make its integers Python's."""
        if not self._validator.is_valid(value):
            return complaints(self._validator.iter_errors(value), ("body",), self._known_names)
        for path in self._integers:
            _make_integer(value, path)
        return []

    def _known_names(self, path: Sequence[str | int]) -> frozenset[str]:
        return self._contract.member_names(self._schema, path)


class Contract:
    """The contract.

    Args:
        document: the OpenAPI document.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.version: str = document["info"]["version"]
        self._document = document
        self._fixed: dict[str, dict[str, Operation]] = {}
        self._patterned: list[tuple[re.Pattern[str], dict[str, Operation]]] = []
        self.operations: dict[str, Operation] = {}
        for path, item in document["paths"].items():
            methods = self._path_operations(path, item)
            if "{" in path:
                self._patterned.append((_path_pattern(path), methods))
            else:
                self._fixed[path] = methods
            self.operations.update((operation.id, operation) for operation in methods.values())

    @classmethod
    def load(cls) -> Contract:
        """Return the contract that this release was built for.

        Raises:
            RuntimeError: the package was installed without it.
        """
        # The document is read as JSON: parsing the YAML that people edit takes 50 times as long.
        data = pkgutil.get_data("flowkit_api", "openapi.json")
        if data is None:
            raise RuntimeError("flowkit_api has no openapi.json")
        return cls(msgspec.json.decode(data))

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """Return the operation that a request is for, and the path's values.

        Raises:
            NotFound: the contract has no such path.
            MethodNotAllowed: it has, but not with this method.
        """
        methods = self._fixed.get(path)
        values: tuple[str, ...] = ()
        if methods is None:
            methods, values = self._find_patterned(path)
        operation = methods.get(method)
        if operation is None:
            if method == "HEAD" and "GET" in methods:
                return methods["GET"], values
            allow = _allow(methods)
            raise MethodNotAllowed(
                f"{method} is not for this path", allow=allow, hint=f"This path takes {allow}."
            )
        return operation, values

    def allow(self, path: str) -> str:
        """Return the methods of a path, for an `Allow` header.

        Raises:
            NotFound: the contract has no such path.
        """
        return _allow(self._fixed.get(path) or self._find_patterned(path)[0])

    def validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
        """Compile a schema whose references point into the contract."""
        return jsonschema_rs.Draft202012Validator(
            _absolute(schema), registry=self._registry, validate_formats=True
        )

    def resolve(self, item: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what an object refers to, or itself."""
        while "$ref" in item:
            found: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            item = found
        return item

    def member_names(self, schema: Mapping[str, Any], path: Sequence[str | int]) -> frozenset[str]:
        """Return the members that a schema knows for the object at a path."""
        schemas = [schema]
        for part in path:
            schemas = [inner for outer in schemas for inner in self._inner(outer, part)]
        return frozenset(name for outer in schemas for name in self._properties(outer))

    def integer_paths(
        self, schema: Mapping[str, Any], path: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, ...]]:
        """Yield where a schema asks for integers; `*` stands for each item of a list."""
        schema = self.resolve(schema)
        if schema.get("type") == "integer":
            yield path
        for part in schema.get("allOf", ()):
            yield from self.integer_paths(part, path)
        for name, inner in schema.get("properties", {}).items():
            yield from self.integer_paths(inner, (*path, name))
        if "items" in schema:
            yield from self.integer_paths(schema["items"], (*path, "*"))

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry([(_DOCUMENT_URI, dict(self._document))])

    def _path_operations(self, path: str, item: Mapping[str, Any]) -> dict[str, Operation]:
        shared = item.get("parameters", [])
        operations = {}
        for method in _METHODS:
            if method in item:
                own = item[method].get("parameters", [])
                parameters = [self.resolve(parameter) for parameter in (*shared, *own)]
                operations[method.upper()] = Operation(
                    self, path, method.upper(), item[method], parameters
                )
        return operations

    def _find_patterned(self, path: str) -> tuple[dict[str, Operation], tuple[str, ...]]:
        for pattern, methods in self._patterned:
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groups()
        hint = did_you_mean(path, self._fixed)
        raise NotFound("there is nothing at this path", hint=hint)

    def _properties(self, schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        schema = self.resolve(schema)
        found: dict[str, Mapping[str, Any]] = dict(schema.get("properties", {}))
        for part in schema.get("allOf", ()):
            found.update(self._properties(part))
        return found

    def _inner(self, schema: Mapping[str, Any], part: str | int) -> Iterator[Mapping[str, Any]]:
        if isinstance(part, int):
            items = self.resolve(schema).get("items")
            if items is not None:
                yield items
        else:
            properties = self._properties(schema)
            if part in properties:
                yield properties[part]


def _parameter(contract: Contract, item: Mapping[str, Any]) -> Parameter:
    schema = contract.resolve(item["schema"])
    repeated = schema.get("type") == "array"
    item_schema = contract.resolve(schema["items"]) if repeated else schema
    convert, asks = _CONVERTERS[item_schema["type"]]
    return Parameter(
        name=item["name"],
        location=item["in"],
        required=item.get("required", False),
        repeated=repeated,
        convert=convert,
        asks=asks,
        validator=contract.validator(item["schema"]),
    )


def _check_parameter(
    parameter: Parameter, texts: list[str], checked: dict[str, object], details: list[Detail]
) -> None:
    where = (parameter.location, parameter.name)
    if len(texts) > 1 and not parameter.repeated:
        details.append(Detail(pointer(*where), "is given more than once"))
        return
    try:
        values = [parameter.convert(text) for text in texts]
    except ValueError:
        details.append(Detail(pointer(*where), f"must be {parameter.asks}"))
        return
    value = values if parameter.repeated else values[0]
    if parameter.validator.is_valid(value):
        checked[parameter.name] = value
    else:
        errors = parameter.validator.iter_errors(value)
        details.extend(complaints(errors, where, lambda _: frozenset()))


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return float(text)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text]


_CONVERTERS: dict[str, tuple[Callable[[str], object], str]] = {
    "string": (str, "a string"),
    "integer": (_integer, "an integer"),
    "number": (_number, "a number"),
    "boolean": (_boolean, "`true` or `false`"),
}


def _not_found(parameter: str) -> Problem:
    """Return the error for a path whose value can be nobody's."""
    if parameter == "task_id":
        return TaskNotFound(
            "there is no such task: this is not a task's id",
            hint="An id is `task_` and 26 lower-case letters and digits.",
        )
    if parameter == "volume_id":
        return VolumeNotFound(
            "there is no such volume: this is not a volume's id",
            hint="An id is `vol_` and 26 lower-case letters and digits.",
        )
    if parameter == "snapshot_id":
        return SnapshotNotFound("there is no such snapshot: this is not a snapshot's id")
    if parameter == "secret_name":
        return SecretNotFound("there is no such secret: this cannot be a secret's name")
    if parameter == "reservation_id":
        return ReservationNotFound("there is no such reservation: this is not a reservation's id")
    if parameter == "sweep_id":
        return SweepNotFound("there is no such sweep: this is not a sweep's id")
    return NotFound("there is nothing at this path")


def _path_pattern(path: str) -> re.Pattern[str]:
    # A value ends before `:`, so that `{task_id}` does not take `{task_id}:cancel` for itself.
    parts = re.split(r"\{\w+\}", path)
    return re.compile("([^/:]+)".join(re.escape(part) for part in parts))


def _allow(methods: Mapping[str, Operation]) -> str:
    names = {*methods, "OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return ", ".join(sorted(names))


def _absolute(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Let references into the document be found from outside of it."""
    return {
        name: _DOCUMENT_URI + value
        if name == "$ref"
        else _absolute(value)
        if isinstance(value, Mapping)
        else value
        for name, value in schema.items()
    }


def _make_integer(value: Any, path: tuple[str, ...]) -> None:
    """Replace `2.0`, an integer to JSON schema, by `2`."""
    *outer, last = path
    for depth, name in enumerate(outer):
        if name == "*":
            for item in value:
                _make_integer(item, path[depth + 1 :])
            return
        value = value.get(name)
        if value is None:
            return
    if last == "*":
        value[:] = [int(item) for item in value]
    elif isinstance(value.get(last), float):
        value[last] = int(value[last])


def invalid(details: list[Detail]) -> InvalidRequest:
    """Return the error that tells everything that is wrong with a request."""
    first = details[0]
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return InvalidRequest(f"{first.loc} {first.msg}{more}", hint=first.hint, details=details)
