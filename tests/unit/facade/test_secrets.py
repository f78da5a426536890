"""Secrets and profile files as the SDK has them, on both twins."""

from __future__ import annotations

import traceback
from typing import Any

import httpx
import pytest
from flowkit_api.models import ProfileFileCreate, SecretCreate, SecretUpdate

from flowkit import FlowError, InvalidPath, InvalidRequest
from flowkit.errors import NotFound
from tests.unit.facade.gateway import Gateway
from tests.unit.twins import Twin, problem

VALUE = "s3cret-0123456789"
TIMES = {"created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z"}
SECRET = {"name": "TOKEN", "created_by": "ada", **TIMES}
FILE_ID = "profile_01m7xxaadq1jm0y5eh30dz59y3"
FILE = {"id": FILE_ID, "path": ".netrc", "mode": 0o600, "size_bytes": 2, **TIMES}


def no_secret(_: httpx.Request) -> httpx.Response:
    return problem(404, "secret_not_found")


def exists(_: httpx.Request) -> httpx.Response:
    return problem(409, "already_exists")


def test_set_replaces_a_value(twin: Twin, gateway: Gateway) -> None:
    gateway.on("PATCH /secrets/TOKEN", SECRET)
    assert twin.flow(gateway).secrets.set("TOKEN", VALUE).name == "TOKEN"
    assert gateway.bodies == [{"value": VALUE}]


def test_set_keeps_a_new_value(twin: Twin, gateway: Gateway) -> None:
    gateway.on("PATCH /secrets/TOKEN", no_secret).on("POST /secrets", SECRET)
    twin.flow(gateway).secrets.set("TOKEN", VALUE)
    assert gateway.bodies == [{"value": VALUE}, {"name": "TOKEN", "value": VALUE}]


def test_set_takes_turns_with_somebody_who_sets_the_same(twin: Twin, gateway: Gateway) -> None:
    gateway.on("PATCH /secrets/TOKEN", no_secret, SECRET).on("POST /secrets", exists)
    assert twin.flow(gateway).secrets.set("TOKEN", VALUE).name == "TOKEN"
    assert [sent.method for sent in gateway.seen] == ["PATCH", "POST", "PATCH"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (VALUE + " ", "x"),
        ("1st", VALUE),
        (None, VALUE),
        ("TOKEN", VALUE.encode()),
        ("TOKEN", None),
        ("TOKEN", f"{VALUE}\0"),
        ("TOKEN", f"{VALUE}\ud800"),
        ("TOKEN", VALUE * 10000),
    ],
)
def test_what_cannot_be_a_secret_is_refused_and_not_shown(
    twin: Twin, gateway: Gateway, name: Any, value: Any
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        twin.flow(gateway).secrets.set(name, value)
    assert raised.value.hint
    assert gateway.seen == []
    shown = "".join(traceback.format_exception_only(raised.value))
    assert VALUE not in shown + repr(raised.value.__context__)


def test_secrets_are_listed_and_deleted(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /secrets", {"items": [SECRET]}).on("DELETE /secrets/TOKEN", b"")
    flow = twin.flow(gateway)
    assert [secret.name for secret in flow.secrets.list()] == ["TOKEN"]
    flow.secrets.delete("TOKEN")
    assert gateway.seen[-1].method == "DELETE"


def test_put_keeps_a_file_and_replaces_one(twin: Twin, gateway: Gateway) -> None:
    gateway.on("POST /profile_files", FILE, exists)
    gateway.on("GET /profile_files", {"items": [FILE]})
    gateway.on(f"PATCH /profile_files/{FILE_ID}", FILE)
    files = twin.flow(gateway).profile_files
    assert files.put("~/.netrc", b"ab", mode=0o640).path == ".netrc"
    files.put(".netrc", "cd")
    assert gateway.bodies == [
        {"path": ".netrc", "content": "ab", "mode": 0o640},
        {"path": ".netrc", "content": "cd"},
        {"content": "cd"},
    ]


def test_a_file_is_found_by_its_path(twin: Twin, gateway: Gateway) -> None:
    gateway.on("GET /profile_files", {"items": [FILE]})
    gateway.on(f"GET /profile_files/{FILE_ID}", {**FILE, "content": VALUE})
    gateway.on(f"DELETE /profile_files/{FILE_ID}", b"")
    files = twin.flow(gateway).profile_files
    found = files.get(".netrc")
    assert found.content == VALUE
    assert VALUE not in repr(found)
    files.delete(".netrc")
    for call in (files.get, files.delete):
        with pytest.raises(NotFound, match=r"no profile file \.other"):
            call(".other")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a\nb", 7])
def test_what_is_no_path_in_a_home(twin: Twin, gateway: Gateway, path: Any) -> None:
    with pytest.raises(InvalidPath):
        twin.flow(gateway).profile_files.put(path, "x")
    assert gateway.seen == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"content": b"\xff"},
        {"content": "\ud800"},
        {"content": "a\0b"},
        {"content": "ä" * 40000},
        {"content": 7},
        {"content": "x", "mode": 0o1777},
        {"content": "x", "mode": -1},
        {"content": "x", "mode": "600"},
        {"content": "x", "mode": True},
    ],
)
def test_what_cannot_be_a_profile_file(
    twin: Twin, gateway: Gateway, arguments: dict[str, Any]
) -> None:
    with pytest.raises(FlowError) as raised:
        twin.flow(gateway).profile_files.put(".netrc", **arguments)
    assert isinstance(raised.value, InvalidRequest)
    assert raised.value.hint
    assert gateway.seen == []


@pytest.mark.parametrize(
    "model",
    [
        SecretCreate(name="TOKEN", value=VALUE),
        SecretUpdate(value=VALUE),
        ProfileFileCreate(path=".netrc", content=VALUE),
    ],
)
def test_no_representation_shows_a_value(model: object) -> None:
    assert VALUE not in repr(model)


@pytest.mark.parametrize("task", ["nonsense", None, 7])
def test_outputs_are_those_of_a_task(twin: Twin, gateway: Gateway, task: Any) -> None:
    with pytest.raises(NotFound):
        list(twin.flow(gateway).outputs.list(task))
    assert gateway.seen == []
