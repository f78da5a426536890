"""Cassettes: what is recorded, how it is replayed, and the contract that it has to keep."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import jsonschema_rs
import vcr
import yaml

ROOT = Path(__file__).resolve().parents[2]
CASSETTES = ROOT / "tests" / "cassettes"

# What is recorded names them, so replaying uses the same. `make record` serves at this address.
URL = "http://127.0.0.1:8765"
KEY = "key-that-is-never-recorded-0123456789"

RECORDING = "FLOWKIT_RECORD" in os.environ
"""Set by `make record`, which has removed the old cassettes; else nothing is ever recorded."""

_UNRECORDED_REQUEST_HEADERS = [
    "authorization",
    "idempotency-key",
    "user-agent",
    "accept-encoding",
    "connection",
]
_UNRECORDED_ANSWER_HEADERS = {"date", "server", "set-cookie"}


def _same_body(recorded: Any, sent: Any) -> None:
    """Compare JSON bodies as values: the order of their members means nothing."""
    assert _json(recorded.body) == _json(sent.body)


def _json(body: bytes | None) -> object:
    return json.loads(body) if body else None


def _scrubbed(answer: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: values
        for name, values in answer["headers"].items()
        if name.lower() not in _UNRECORDED_ANSWER_HEADERS
    }
    return {**answer, "headers": kept}


recorder = vcr.VCR(
    cassette_library_dir=str(CASSETTES),
    record_mode="all" if RECORDING else "none",
    match_on=("method", "scheme", "host", "port", "path", "query", "json_body"),
    filter_headers=_UNRECORDED_REQUEST_HEADERS,
    before_record_response=_scrubbed,
    decode_compressed_response=True,
)
recorder.register_matcher("json_body", _same_body)


class Interaction(NamedTuple):
    """One request of a cassette and its answer."""

    cassette: str
    method: str
    url: str
    body: bytes
    status: int
    content_type: str
    answer: bytes

    @property
    def id(self) -> str:
        return f"{self.cassette}: {self.method} {urlsplit(self.url).path} {self.status}"


def interactions() -> list[Interaction]:
    """Every interaction of every cassette."""
    return [
        _interaction(path.stem, recorded)
        for path in sorted(CASSETTES.glob("*.yaml"))
        for recorded in yaml.safe_load(path.read_text())["interactions"]
    ]


def _interaction(cassette: str, recorded: dict[str, Any]) -> Interaction:
    request, answer = recorded["request"], recorded["response"]
    headers = {name.lower(): values[0] for name, values in answer["headers"].items()}
    return Interaction(
        cassette,
        request["method"],
        request["uri"],
        _bytes(request["body"]),
        answer["status"]["code"],
        headers.get("content-type", "").partition(";")[0],
        _bytes(answer["body"].get("string")),
    )


def _bytes(text: str | bytes | None) -> bytes:
    return text.encode() if isinstance(text, str) else text or b""


@cache
def contract() -> dict[str, Any]:
    """The contract, as it is written."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "openapi.yaml").read_text())
    return document


class Operation(NamedTuple):
    """An operation of the contract, as it stands there."""

    id: str
    query_parameters: frozenset[str]
    document: dict[str, Any]


def operation_of(interaction: Interaction) -> Operation:
    """Find the operation that a request is for."""
    path = urlsplit(interaction.url).path
    for template, item in contract()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/:]+", re.escape(template))
        if re.fullmatch(pattern, path) and interaction.method.lower() in item:
            document = item[interaction.method.lower()]
            parameters = [*item.get("parameters", []), *document.get("parameters", [])]
            resolved = [_resolved(parameter) for parameter in parameters]
            return Operation(
                document["operationId"],
                frozenset(each["name"] for each in resolved if each["in"] == "query"),
                document,
            )
    raise AssertionError(f"not in the contract: {interaction.method} {path}")


def check(interaction: Interaction) -> None:
    """Hold one interaction against the contract.

    Raises:
        AssertionError: Something is not stated there.
        jsonschema_rs.ValidationError: A document breaks its schema.
    """
    operation = operation_of(interaction)
    names = {name for name, _ in parse_qsl(urlsplit(interaction.url).query)}
    assert names <= operation.query_parameters
    if 200 <= interaction.status < 300 and interaction.body:
        content = operation.document["requestBody"]["content"]
        _validate(content["application/json"]["schema"], json.loads(interaction.body))
    responses = operation.document["responses"]
    stated = responses.get(str(interaction.status)) or responses["default"]
    content = _resolved(stated).get("content", {})
    if not content:
        assert not interaction.answer
        return
    assert interaction.content_type in content
    if interaction.content_type == "text/event-stream":
        for schema, document in _events(interaction.answer):
            _validate({"$ref": f"#/components/schemas/{schema}"}, document)
    else:
        schema = content[interaction.content_type]["schema"]
        _validate(schema, json.loads(interaction.answer))


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = contract()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _validate(schema: dict[str, Any], document: object) -> None:
    whole = {**schema, "components": contract()["components"]}
    jsonschema_rs.Draft202012Validator(whole).validate(document)


def _events(stream: bytes) -> Iterator[tuple[str, object]]:
    """The documents of a stream of server-sent events, each with the name of its schema."""
    schemas = {"log": "LogChunk", "end": "LogEnd"}
    for block in stream.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and line[0] != ":")
        if "data" in fields:
            yield schemas.get(fields["event"], "Event"), json.loads(fields["data"])


SECRETS = {
    "the key of the recording": re.compile(re.escape(KEY)),
    "an Authorization header": re.compile(r"authorization", re.IGNORECASE),
    "a bearer token": re.compile(r"bearer +\S", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a cloud key": re.compile(r"\b(AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|sk-[\w-]{20,}|hf_\w{20,})"),
    "a caller's environment": re.compile(r"caller_env|VIRTUAL_ENV|PYTHONPATH"),
    "a home directory": re.compile(r"/(home|root|Users)/"),
}


def secrets_in(text: str) -> list[str]:
    """What a text holds that no cassette may hold; also looks into base64."""
    decoded = "".join(
        base64.b64decode(block).decode("latin-1")
        for block in re.findall(r"(?:[A-Za-z0-9+/]{4}){8,}", text)
    )
    return [what for what, pattern in SECRETS.items() if pattern.search(text + decoded)]
