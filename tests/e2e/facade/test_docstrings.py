"""The examples in the docstrings of the public classes run, on a real gateway."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["flowkit._sync.flow", "flowkit._sync.task"])
def test_the_examples_run(module: str) -> None:
    results = doctest.testmod(importlib.import_module(module))
    assert results.attempted > 0
    assert results.failed == 0
