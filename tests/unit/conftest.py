"""Fixtures of the unit tests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.twins import Twin


@pytest.fixture(params=["sync", "async"])
def twin(request: pytest.FixtureRequest) -> Iterator[Twin]:
    """Makes clients of each kind, one kind a test."""
    with asyncio.Runner() as runner:
        twin = Twin(request.param, runner)
        yield twin
        twin.close()


@pytest.fixture
def bare_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without configuration, and a working directory in it."""
    for name in ("API_URL", "API_KEY", "PROJECT", "PROFILE"):
        monkeypatch.delenv(f"FLOWKIT_{name}", raising=False)
    home = tmp_path / "home"
    work = tmp_path / "work"
    home.mkdir()
    work.mkdir()
    monkeypatch.setenv("FLOWKIT_HOME", str(home))
    monkeypatch.chdir(work)
    return home
