"""The examples in the docstrings of the pure modules run, and importing these stays cheap."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

PURE_MODULES = [
    "flowkit.durations",
    "flowkit.errors",
    "flowkit.gpu_grammar",
    "flowkit.gpu_models",
    "flowkit.gpus",
    "flowkit.instances",
    "flowkit.sizes",
    "flowkit.sweeps",
]
WITH_EXAMPLES = [m for m in PURE_MODULES if m not in ("flowkit.gpu_grammar", "flowkit.gpu_models")]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.attempted > 0
    assert results.failed == 0


@pytest.mark.parametrize("name", PURE_MODULES)
def test_a_pure_module_imports_nothing_slow(name: str) -> None:
    program = f"import sys, {name}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30
    ).stdout.split()
    slow = {"attrs", "dataclasses", "dateutil", "decimal", "difflib", "email", "httpx", "inspect"}
    slow |= {"json", "msgspec", "click", "rich", "yaml"}
    assert not slow & set(loaded)
