"""The examples in the docstrings of the public classes run, on a real gateway."""

from __future__ import annotations

import doctest
import importlib

import pytest

from flowkit import Flow


@pytest.mark.usefixtures("flow")
@pytest.mark.parametrize(
    "name",
    [
        "connection",
        "flow",
        "outputs",
        "profile_files",
        "secrets",
        "snapshots",
        "storage",
        "sweep",
        "swept_tasks",
        "task",
        "volume",
        "volumes",
    ],
)
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"flowkit._sync.{name}")
    results = doctest.testmod(module, extraglobs={"Flow": Flow})
    assert results.attempted > 0
    assert results.failed == 0
