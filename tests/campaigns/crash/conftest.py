"""Homes that are attacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.crash.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty home; nothing of it outlives the test."""
    house = House(tmp_path / "home")
    yield house
    house.end()
