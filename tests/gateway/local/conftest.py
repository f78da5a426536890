"""A local engine for each test, with real processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.local.attempts import Attempts


@pytest.fixture
async def attempts(tmp_path: Path) -> AsyncIterator[Attempts]:
    async with Attempts(tmp_path / "tasks") as opened:
        yield opened
