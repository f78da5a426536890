"""Trees and how they are sent, without the SDK."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import httpx
import zstandard

OCTETS = {"Content-Type": "application/octet-stream"}


def file(path: str, content: bytes, mode: int = 0o644) -> dict[str, object]:
    """The entry of a file."""
    return {
        "path": path,
        "type": "file",
        "mode": mode,
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def directory(path: str, mode: int = 0o755) -> dict[str, object]:
    """The entry of a directory."""
    return {"path": path, "type": "directory", "mode": mode}


def link(path: str, target: str) -> dict[str, object]:
    """The entry of a symbolic link."""
    return {"path": path, "type": "symlink", "target": target}


def record(content: bytes, *, sha256: str | None = None, size: int | None = None) -> bytes:
    """A record, which may lie."""
    digest = bytes.fromhex(sha256) if sha256 else hashlib.sha256(content).digest()
    return digest + (len(content) if size is None else size).to_bytes(8, "big") + content


def stream(records: Iterable[bytes]) -> bytes:
    """The body of an upload."""
    return zstandard.ZstdCompressor().compress(b"".join(records))


def describe(api: httpx.Client, entries: Iterable[Mapping[str, object]], **more: Any) -> Any:
    """Describe a tree and return the snapshot."""
    answer = api.post("/v1/snapshots", json={"entries": list(entries), **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def upload(api: httpx.Client, snapshot_id: str, body: bytes | Iterator[bytes]) -> httpx.Response:
    """Send contents."""
    return api.post(f"/v1/snapshots/{snapshot_id}:upload", content=body, headers=OCTETS)


def send(api: httpx.Client, files: Mapping[str, bytes]) -> str:
    """Send a flat tree of files and return its snapshot's id."""
    found = describe(api, [file(path, content) for path, content in files.items()])
    if found["complete"]:
        return str(found["id"])
    by_hash = {hashlib.sha256(content).hexdigest(): content for content in files.values()}
    answer = upload(api, found["id"], stream(record(by_hash[sha]) for sha in found["missing"]))
    assert answer.json()["complete"], answer.text
    return str(found["id"])
