"""The examples in the docstrings of the gateway's HTTP side run."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    ["complaints", "documents", "principal", "problems", "server_sent_events", "strict_json"],
)
def test_the_examples_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"flowkit_gateway.{name}"))
    assert results.attempted > 0
    assert results.failed == 0
