"""Fixtures of the tests that run a gateway of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit import Flow
from flowkit.testing import gateway


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """A Flow to an embedded gateway that nothing else uses."""
    monkeypatch.chdir(tmp_path)
    with gateway(tmp_path / "home") as flow:
        yield flow
