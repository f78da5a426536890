"""The files of one volume or task, as a client has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

BYTES = {"content-type": "application/octet-stream"}


class FileSpace:
    """A space and a client that uses it.

    Args:
        client: who uses it.
        space: id of the volume or task.
        root: where its files are on the gateway's disk.
    """

    def __init__(self, client: httpx.Client, space: str, root: Path) -> None:
        self.client = client
        self.id = space
        self.root = root

    def page(self, path: str = "", **query: object) -> httpx.Response:
        return self.client.get("/v1/files", params=self._query(path=path, **query))

    def listed(self, path: str = "", **query: object) -> list[str]:
        """Return the paths of a whole list, page by page."""
        paths: list[str] = []
        token = None
        while True:
            page = self.page(path, page_token=token, **query)
            assert page.status_code == 200, page.text
            paths += [item["path"] for item in page.json()["items"]]
            token = page.json().get("next_page_token")
            if token is None:
                return paths

    def stat(self, path: str = "", **query: object) -> httpx.Response:
        return self.client.get("/v1/files:stat", params=self._query(path=path, **query))

    def read(self, path: str, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get("/v1/files:read", params=self._query(path=path), headers=named)

    def write(self, path: str, content: Any = b"", **query: object) -> httpx.Response:
        """Write a file of bytes or of what an iterable yields."""
        return self.client.post(
            "/v1/files:write",
            params=self._query(path=path, **query),
            content=content,
            headers=BYTES,
        )

    def make_directory(self, path: str) -> httpx.Response:
        return self.client.post("/v1/files:mkdir", json={"space": self.id, "path": path})

    def move(self, source: str, target: str, **more: object) -> httpx.Response:
        body = {"space": self.id, "source": source, "target": target, **more}
        return self.client.post("/v1/files:move", json=body)

    def delete(self, path: str, **query: object) -> httpx.Response:
        return self.client.delete("/v1/files", params=self._query(path=path, **query))

    def begin(self, path: str, size: int, **more: object) -> httpx.Response:
        body = {"space": self.id, "path": path, "size_bytes": size, **more}
        return self.client.post("/v1/uploads", json=body)

    def begun(self, path: str, size: int, **more: object) -> str:
        """Begin an upload and return its id."""
        response = self.begin(path, size, **more)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def append(self, upload: str, offset: int, content: Any) -> httpx.Response:
        """Append bytes, or what an iterable yields."""
        headers = {**BYTES, "upload-offset": str(offset)}
        return self.client.post(f"/v1/uploads/{upload}:append", content=content, headers=headers)

    def offset(self, upload: str) -> int:
        """Return how much of an upload has arrived."""
        response = self.client.get(f"/v1/uploads/{upload}")
        assert response.status_code == 200, response.text
        return int(response.json()["offset"])

    def complete(self, upload: str, sha256: str | None = None) -> httpx.Response:
        body = {} if sha256 is None else {"sha256": sha256}
        return self.client.post(f"/v1/uploads/{upload}:complete", json=body)

    def _query(self, **query: object) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        return {"space": self.id, **given}


def new_volume(client: httpx.Client, data_dir: Path, **wanted: object) -> FileSpace:
    """Create a volume of 1 GB, unless asked for more, and return its files."""
    response = client.post("/v1/volumes", json={"size_gb": 1, **wanted})
    assert response.status_code == 201, response.text
    volume_id = response.json()["id"]
    return FileSpace(client, volume_id, data_dir / "volumes" / volume_id)


def refused(response: httpx.Response) -> str:
    """Return the code of a refusal, which has a hint."""
    assert response.is_error, response.text
    problem = response.json()
    assert problem["hint"], problem
    return str(problem["code"])
