"""Files appear whole, and nowhere but below the directory that they were asked into."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from flowkit import FileChanged, FlowError, InvalidResponse, QuotaExceeded
from tests.unit.twins import Twin, problem

VOLUME = "vol_0123456789abcdefghjkmnpqrs"
TIME = "2026-11-20T10:00:00.123456Z"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty directory."""
    path = tmp_path / "place"
    path.mkdir()
    return path


class Files:
    """A volume of files."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("__", "/"): content for name, content in files.items()}
        self.listed: list[dict[str, Any]] = []
        self.changes = 0

    def document(self, path: str) -> dict[str, Any]:
        kind = "file" if path in self.files else "directory"
        return {
            "path": path,
            "type": kind,
            "size_bytes": len(self.files.get(path, b"")),
            "mode": 0o4750,
            "modified_at": TIME,
            "etag": '"1"',
        }

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        path = sent.url.params.get("path", "")
        if sent.url.path == "/v1/files:stat":
            return httpx.Response(200, json=self.document(path))
        if sent.url.path == "/v1/files":
            return httpx.Response(200, json={"items": self.listed})
        if self.changes:
            self.changes -= 1
            return problem(412, "file_changed")
        headers = {"Content-Type": "application/octet-stream", "ETag": '"1"'}
        return httpx.Response(200, headers=headers, content=self.files[path])


def names(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def test_a_file_keeps_mode_and_time(twin: Twin, place: Path) -> None:
    got = twin.flow(Files(a=b"abc")).storage.download(f"{VOLUME}:a", place)
    assert (got.files, got.size_bytes) == (1, 3)
    status = (place / "a").stat()
    assert status.st_mode & 0o7777 == 0o750
    assert status.st_mtime_ns % 1_000_000_000 == 123_456_000
    assert names(place) == ["a"]


def test_a_file_is_called_what_it_is_asked_to_be(twin: Twin, place: Path) -> None:
    twin.flow(Files(a=b"abc")).storage.download(f"{VOLUME}:a", place / "new" / "b")
    assert (place / "new" / "b").read_bytes() == b"abc"


def test_a_file_that_changed_is_received_anew_once(twin: Twin, place: Path) -> None:
    files = Files(a=b"abc")
    files.changes = 1
    twin.flow(files).storage.download(f"{VOLUME}:a", place)
    assert (place / "a").read_bytes() == b"abc"
    files.changes = 2
    with pytest.raises(FileChanged):
        twin.flow(files).storage.download(f"{VOLUME}:a", place / "again")
    assert names(place) == ["a"]


def test_a_tree_comes_with_what_is_in_it(twin: Twin, place: Path) -> None:
    files = Files(top__a=b"1", top__d__b=b"22")
    link = files.document("top/l") | {"type": "symlink", "target": "a"}
    pipe = files.document("top/p") | {"type": "other"}
    files.listed = [files.document(p) for p in ("top/a", "top/d", "top/d/b", "top/e")]
    files.listed += [link, pipe]
    got = twin.flow(files).storage.download(f"{VOLUME}:top", place / "into")
    assert got == (2, 3, ("l: a link", "p: neither a file nor a directory"))
    assert names(place / "into") == ["a", "d", "d/b", "e"]


@pytest.mark.parametrize(
    "path", ["top/../../x", "top//x", "/etc/x", "top/./x", "top/..", "top/a\0b", "elsewhere/../x"]
)
def test_no_name_of_a_gateway_leads_out_of_the_directory(
    twin: Twin, place: Path, path: str
) -> None:
    files = Files()
    files.files[path] = b"evil"
    files.listed = [files.document(path)]
    with pytest.raises(InvalidResponse, match="names a file"):
        twin.flow(files).storage.download(f"{VOLUME}:top", place / "into")
    assert names(place) == ["into"]


def test_what_fails_leaves_the_old_file(twin: Twin, place: Path) -> None:
    (place / "a").write_text("old")
    files = Files(a=b"new")

    def answer(sent: httpx.Request) -> httpx.Response:
        if sent.url.path == "/v1/files:read":
            return problem(507, "quota_exceeded")
        return files(sent)

    with pytest.raises(QuotaExceeded):
        twin.flow(answer).storage.download(f"{VOLUME}:a", place)
    assert (place / "a").read_text() == "old"
    assert names(place) == ["a"]


def test_a_directory_is_in_the_way(twin: Twin, place: Path) -> None:
    (place / "a").mkdir()
    (place / "a" / "a").mkdir()
    with pytest.raises(FlowError, match=r"cannot write .*: Is a directory") as caught:
        twin.flow(Files(a=b"x")).storage.download(f"{VOLUME}:a", place / "a")
    assert caught.value.hint
    assert names(place) == ["a", "a/a"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_may_not_be_written_is_said(twin: Twin, place: Path) -> None:
    place.chmod(0o500)
    with pytest.raises(FlowError, match="Permission denied"):
        twin.flow(Files(a=b"x")).storage.download(f"{VOLUME}:a", place)
