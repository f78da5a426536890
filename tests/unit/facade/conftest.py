"""Fixtures of the facade's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.facade.gateway import Gateway


@pytest.fixture(autouse=True)
def _bare(bare_home: Path) -> None:
    """No test sees the configuration of whoever runs it."""


@pytest.fixture
def gateway() -> Gateway:
    """A gateway that answers by a table."""
    return Gateway()
