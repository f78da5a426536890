"""A large file arrives whole, wherever its parts are cut; a failed upload leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from flowkit import (
    APIConnectionError,
    ChecksumMismatch,
    FileChanged,
    FlowError,
    QuotaExceeded,
    transfers,
)
from flowkit.transfers import TransferProgress
from tests.unit.twins import Twin, problem

VOLUME = "vol_0123456789abcdefghjkmnpqrs"
UPLOAD = "upload_0123456789abcdefghjkmnpqrs"
TIME = "2026-11-20T10:00:00Z"
SIZE = 5000


@pytest.fixture(autouse=True)
def _small_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of five thousand bytes is a large one."""
    for module in ("_async", "_sync"):
        for name, value in (("LARGEST_WHOLE", 1000), ("PART", 2000), ("CHUNK", 100)):
            monkeypatch.setattr(f"flowkit.{module}.uploads.{name}", value)
    assert transfers.CHUNK < transfers.LARGEST_WHOLE < transfers.PART


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty directory."""
    path = tmp_path / "place"
    path.mkdir()
    return path


class Uploads:
    """Keeps one upload as a gateway does, and cuts each append by a list of lengths."""

    def __init__(self, *cuts: int | None) -> None:
        self.cuts = list(cuts)
        self.arrived = b""
        self.files: dict[str, bytes] = {}
        self.operations: list[str] = []
        self.created: dict[str, Any] = {}
        self.lengths: list[int] = []

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        operation = f"{sent.method} {sent.url.path.removeprefix('/v1').replace(UPLOAD, 'ID')}"
        self.operations.append(operation)
        if operation == "POST /uploads/ID:append":
            return self.append(sent)
        if operation == "POST /uploads":
            self.created = json.loads(sent.content)
        if operation == "POST /uploads/ID:complete":
            digest = json.loads(sent.content)["sha256"]
            if digest != hashlib.sha256(self.arrived).hexdigest():
                return problem(422, "checksum_mismatch")
            self.files[self.created["path"]] = self.arrived
            return httpx.Response(200, json=self.file(self.created["path"]))
        if operation == "POST /files:write":
            path = sent.url.params["path"]
            self.files[path] = sent.content
            return httpx.Response(200, json=self.file(path))
        return httpx.Response(204 if sent.method == "DELETE" else 200, json=self.upload())

    def append(self, sent: httpx.Request) -> httpx.Response:
        if int(sent.headers["Upload-Offset"]) != len(self.arrived):
            return problem(409, "offset_conflict")
        self.lengths.append(int(sent.headers["Content-Length"]))
        cut = self.cuts.pop(0) if self.cuts else None
        self.arrived += sent.content[:cut]
        if cut is not None:
            raise httpx.ReadError("reset")
        return httpx.Response(200, json=self.upload())

    def upload(self) -> dict[str, object]:
        return {
            "id": UPLOAD,
            "space": VOLUME,
            "path": "x",
            "size_bytes": SIZE,
            "offset": len(self.arrived),
            "created_at": TIME,
        }

    def file(self, path: str) -> dict[str, object]:
        size = len(self.files[path])
        return {"path": path, "type": "file", "size_bytes": size, "mode": 420, "modified_at": TIME}


def test_a_large_file_travels_in_parts(twin: Twin, source: Path) -> None:
    source.chmod(0o640)
    gateway = Uploads()
    sent = twin.flow(gateway).storage.upload(source, f"{VOLUME}:big/")
    assert (sent.files, sent.size_bytes) == (1, SIZE)
    assert gateway.files == {"big/large.bin": source.read_bytes()}
    assert gateway.lengths == [2000, 2000, 1000]
    assert gateway.created["mode"] == 0o640
    assert gateway.created["size_bytes"] == SIZE


@pytest.mark.parametrize(
    "cuts",
    [
        (0,),
        (1,),
        (1999,),
        (2000,),
        (None, 700),
        (0, 50, 0, 50),
        (150, 0, 0),
        (None, None, 1000),
    ],
)
def test_a_cut_loses_nothing(twin: Twin, source: Path, cuts: tuple[int | None, ...]) -> None:
    gateway = Uploads(*cuts)
    twin.flow(gateway).storage.upload(source, f"{VOLUME}:x")
    assert gateway.files == {"x": source.read_bytes()}


def test_cuts_that_let_nothing_through_come_to_an_end(twin: Twin, source: Path) -> None:
    gateway = Uploads(*[0] * 10)
    with pytest.raises(APIConnectionError):
        twin.flow(gateway).storage.upload(source, f"{VOLUME}:x")
    assert gateway.operations[-1] == "DELETE /uploads/ID"
    assert gateway.files == {}


def test_progress_goes_back_where_a_cut_took_bytes(twin: Twin, source: Path) -> None:
    seen: list[TransferProgress] = []
    twin.flow(Uploads(700)).storage.upload(source, f"{VOLUME}:x", progress=seen.append)
    last = TransferProgress("large.bin", SIZE, SIZE, 1, 1)
    assert seen[-1] == last
    assert max(progress.transferred_bytes for progress in seen) == SIZE
    assert all(progress.total_bytes == SIZE for progress in seen)


def test_a_small_file_is_one_call_with_its_checksum(twin: Twin, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"abc")
    requests: list[httpx.Request] = []
    gateway = Uploads()

    def answer(sent: httpx.Request) -> httpx.Response:
        requests.append(sent)
        return gateway(sent)

    twin.flow(answer).storage.upload(tmp_path / "small", f"{VOLUME}:a/b")
    (sent,) = requests
    assert sent.url.params["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert sent.url.params["path"] == "a/b"
    assert gateway.files == {"a/b": b"abc"}


def test_a_small_file_that_replaces_none_goes_the_way_that_can_be_repeated(
    twin: Twin, tmp_path: Path
) -> None:
    (tmp_path / "small").write_bytes(b"abc")
    gateway = Uploads()
    twin.flow(gateway).storage.upload(tmp_path / "small", f"{VOLUME}:a", overwrite=False)
    assert gateway.created["overwrite"] is False
    assert gateway.files == {"a": b"abc"}


def test_a_file_that_changes_meanwhile_does_not_appear(twin: Twin, source: Path) -> None:
    gateway = Uploads()

    def answer(sent: httpx.Request) -> httpx.Response:
        if sent.url.path.endswith(":append"):
            with source.open("ab") as file:
                file.write(b"more")
        return gateway(sent)

    with pytest.raises(FileChanged, match="changed while it was uploaded"):
        twin.flow(answer).storage.upload(source, f"{VOLUME}:x")
    assert (gateway.files, gateway.operations[-1]) == ({}, "DELETE /uploads/ID")


@pytest.mark.parametrize(
    ("operation", "code", "status", "error"),
    [
        (":append", "quota_exceeded", 507, QuotaExceeded),
        (":complete", "checksum_mismatch", 422, ChecksumMismatch),
    ],
)
def test_what_the_gateway_refuses_is_given_up(
    twin: Twin, source: Path, operation: str, code: str, status: int, error: type[FlowError]
) -> None:
    gateway = Uploads()

    def answer(sent: httpx.Request) -> httpx.Response:
        if sent.url.path.endswith(operation):
            return problem(status, code)
        return gateway(sent)

    with pytest.raises(error):
        twin.flow(answer).storage.upload(source, f"{VOLUME}:x")
    assert gateway.operations[-1] == "DELETE /uploads/ID"


def test_of_a_tree_each_file_has_its_place(twin: Twin, place: Path) -> None:
    for number in range(20):
        path = place / f"d{number % 3}" / f"f{number}"
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(number))
    gateway = Uploads()
    sent = twin.flow(gateway).storage.upload(place, f"{VOLUME}:top")
    assert sent.files == 20
    assert gateway.files == {f"top/d{n % 3}/f{n}": str(n).encode() for n in range(20)}


def test_the_first_failure_ends_a_tree(twin: Twin, place: Path) -> None:
    for number in range(50):
        (place / f"f{number:02}").write_text("x")
    calls = 0

    def answer(sent: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        return problem(507, "quota_exceeded")

    with pytest.raises(QuotaExceeded):
        twin.flow(answer).storage.upload(place, f"{VOLUME}:")
    assert calls <= 8


def test_what_is_not_here_is_not_sent(twin: Twin, place: Path) -> None:
    flow = twin.flow(Uploads())
    with pytest.raises(FileNotFoundError, match=re.escape(f"no file {place}/none")):
        flow.storage.upload(place / "none", f"{VOLUME}:x")
    os.mkfifo(place / "pipe")
    with pytest.raises(FlowError, match="neither a file nor a directory"):
        flow.storage.upload(place / "pipe", f"{VOLUME}:x")
