"""What an import costs: heavy packages are loaded when they are used, and not before."""

from __future__ import annotations

import subprocess
import sys

import flowkit_api
import pytest

LIBRARIES = {"httpx", "attr", "attrs", "msgspec"}


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import flowkit_api", set()),
        ("from flowkit_api.api.tasks import create_task, follow_task_logs, get_task", set()),
        ("from flowkit_api import ApiError, codec, errors, types", set()),
        ("from flowkit_api.client import AsyncClient, Client", set()),
        ("from flowkit_api.api.tasks import get_task; get_task.request(task_id='t')", set()),
        ("from flowkit_api.models import TaskStatus", set()),
        ("from flowkit_api.models import Task", {"attr", "attrs"}),
    ],
)
def test_libraries_that_are_loaded(code: str, loaded: set[str]) -> None:
    report = f"import sys; {code}; print(*sys.modules)"
    command = [sys.executable, "-I", "-c", report]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert LIBRARIES & set(printed.split()) == loaded


def test_public_names_are_there_and_others_are_not() -> None:
    for name in flowkit_api.__all__:
        assert getattr(flowkit_api, name).__name__ == name
    assert set(flowkit_api.__all__) <= set(dir(flowkit_api))
    with pytest.raises(AttributeError, match="has no attribute 'Clint'"):
        flowkit_api.Clint  # noqa: B018
