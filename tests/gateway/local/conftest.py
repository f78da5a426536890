"""A local engine for each test, with real processes."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.local.attempts import Attempts


@pytest.fixture
async def attempts(tmp_path: Path) -> AsyncIterator[Attempts]:
    async with Attempts(tmp_path / "tasks") as opened:
        yield opened


@pytest.fixture
async def mounting(attempts: Attempts) -> Attempts:
    """Attempts on a machine where mounts are real ones."""
    if attempts.engine.capabilities().mounts != "namespace":
        pytest.skip("this machine forbids mount namespaces")
    return attempts


@pytest.fixture
async def linking(tmp_path: Path) -> AsyncIterator[Attempts]:
    """Attempts as on a machine that forbids mount namespaces."""
    async with Attempts(tmp_path / "tasks", namespaces=False) as opened:
        yield opened


@pytest.fixture
def target() -> str:
    """A path that this machine does not have, and must not have after the test either."""
    return f"/flowkit-test-{uuid.uuid4().hex}/data"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A directory to mount, with a file in it."""
    directory = tmp_path / "a source"
    directory.mkdir()
    (directory / "words").write_text("from the source\n")
    return directory
