"""Runs rows of the tables, each in a directory of its own, and holds each to what it says."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.campaigns.bad_input.house import Server, check, command_server, inventory, set_up
from tests.campaigns.bad_input.rows import Row
from tests.gateway.gateway_process import GatewayProcess

Refused = Callable[[Row], None]


class Served:
    """A gateway for the rows that need one, with one task that has ended.

    Args:
        directory: Where it keeps its data.
    """

    def __init__(self, directory: Path) -> None:
        self._gateway = GatewayProcess(directory, "--engine", "local")
        self._gateway.start()
        announced = self._gateway.announcement
        assert announced is not None
        assert announced.token is not None
        self._url, self._key = announced.url, announced.token
        task = self._call("POST", "/v1/tasks", b'{"command": ["true"]}')["id"]
        self._call("GET", f"/v1/tasks/{task}:wait?timeout=20")
        port = self._url.rpartition(":")[2]
        self.names = {"url": self._url, "key": self._key, "task": task, "port": port}

    def tasks(self) -> list[str]:
        """Return the ids of all its tasks."""
        return [task["id"] for task in self._call("GET", "/v1/tasks")["items"]]

    def end(self) -> None:
        """Stop it."""
        self._gateway.kill()

    def _call(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        request = urllib.request.Request(self._url + path, body, method=method)
        request.add_header("Authorization", f"Bearer {self._key}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            document: dict[str, Any] = json.load(answer)
        return document


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """The process in whose forks commands run."""
    with command_server() as started:
        yield started


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway that rows share: none of them changes it."""
    gateway = Served(tmp_path_factory.mktemp("served") / "data")
    yield gateway
    gateway.end()


@pytest.fixture
def visible(tmp_path: Path) -> Iterator[Path]:
    """A directory that nobody, as whom some rows run, may look into; pytest's own is private."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        yield Path(directory)


@pytest.fixture
def refused(
    server: Server, tmp_path: Path, visible: Path, request: pytest.FixtureRequest
) -> Refused:
    """Run a row, and assert what it says and that it left nothing."""

    def run(row: Row) -> None:
        if row.needs_root and os.geteuid() != 0:
            pytest.skip("only root can make a file another user's")
        words = " ".join((*row.arguments, *map(str, row.environment.values())))
        needs_gateway = row.served or any(f"{{{name}}}" in words for name in ("port", "task"))
        gateway: Served | None = request.getfixturevalue("served") if needs_gateway else None
        root = (visible if row.unprivileged else tmp_path) / "row"
        set_up(row, root)
        before = inventory(root)
        names = gateway.names if gateway else {}
        check(row, server.run(row, root, names), root, names)
        after = inventory(root)
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert changed == set(row.leaves)
        if gateway is not None:
            assert gateway.tasks() == [gateway.names["task"]]

    return run


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory, and a home beside it; the test must leave both as they are."""
    for name in ("API_URL", "API_KEY", "PROJECT", "PROFILE"):
        monkeypatch.delenv(f"FLOWKIT_{name}", raising=False)
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert inventory(tmp_path) == {}
