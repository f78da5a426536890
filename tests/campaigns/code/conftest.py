"""Gateways that are attacked through the code of their tasks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit import Flow
from tests.campaigns.files.conftest import mount
from tests.gateway.conftest import start_gateway
from tests.gateway.gateway_process import GatewayProcess

__all__ = ["mount", "start_gateway"]

SUMS = "find . -type f ! -name '.flowkit-*' -exec sha256sum {} + | cut -d' ' -f1 | sort"
"""Prints the checksums of all files of a workspace."""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty source tree, whose reader knows nothing of it yet."""
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "home"))
    directory = tmp_path / "tree"
    directory.mkdir()
    return directory


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway of the test's own, which it may kill and start again."""
    gateway = GatewayProcess(tmp_path / "data", "--engine", "local")
    try:
        yield gateway.start()
    finally:
        gateway.kill()


def connected(gateway: GatewayProcess) -> Flow:
    """Return a Flow that makes each call once."""
    return Flow(api_url=gateway.url, api_key=gateway.token, max_retries=0)


def sums(tree: Path) -> list[str]:
    """Return what `SUMS` prints of a tree."""
    files = (path for path in tree.rglob("*") if path.is_file())
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


def found_by_a_task(flow: Flow, tree: Path) -> list[str]:
    """Return the checksums of the files that a task finds which is given a tree."""
    task = flow.submit(SUMS, code=tree, wait=True)
    assert task.status == "completed", task.message
    return str(task.logs(tail=100_000)).split()
