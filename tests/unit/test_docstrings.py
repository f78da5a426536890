"""The examples in the docstrings run that need no gateway, and pure modules import little."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import flowkit

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
FLOWKIT = Path(flowkit.__file__).parent
WITH_EXAMPLES = [
    path
    for path in sorted(FLOWKIT.rglob("*.py"))
    if ">>> " in path.read_text() and not {"_async", "_sync"}.intersection(path.parts)
]
"""Those of the clients need a gateway."""


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_run(path: Path) -> None:
    name = ".".join(path.relative_to(FLOWKIT.parent).with_suffix("").parts)
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
