"""What tests of code that uses flowkit need: a gateway of their own.

import pytest
from flowkit import Flow
from flowkit.testing import gateway

@pytest.fixture
def flow(tmp_path):
    with gateway(tmp_path) as flow:
        yield flow

def test_training_succeeds(flow: Flow):
    assert flow.run("python train.py", gpu="a100").wait().exit_code == 0
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowkit import Flow

_SETTINGS = ("FLOWKIT_API_URL", "FLOWKIT_API_KEY", "FLOWKIT_PROJECT", "FLOWKIT_PROFILE")


@contextmanager
def gateway(home: str | os.PathLike[str] | None = None) -> Iterator[Flow]:
    """Run an embedded gateway that nothing else uses, and yield a `Flow` to it.

    Inside of the context every `Flow()`, every `AsyncFlow()` and every `flowkit` command of this
    process uses it too: `FLOWKIT_HOME` points to it. Its tasks are cancelled when it ends.

    Args:
        home: Empty directory for its data; a temporary one, removed in the end, unless given.

    Raises:
        GatewayStartError: it could not be started.
    """
    from flowkit import Flow

    temporary = home is None
    directory = Path(tempfile.mkdtemp(prefix="flowkit-") if home is None else home)
    settings = {"FLOWKIT_HOME": str(directory), **dict.fromkeys(_SETTINGS)}
    try:
        with _environment(settings):
            try:
                with Flow() as flow:
                    yield flow
            finally:
                _end(directory)
    finally:
        if temporary:
            shutil.rmtree(directory, ignore_errors=True)


def _end(directory: Path) -> None:
    from flowkit import Flow, embedded

    # A gateway that was killed has left its tasks running: another one ends them.
    if (directory / "gateway" / "tasks").exists():
        with Flow() as flow:
            active = [task for task in flow.tasks.list() if not task.is_terminal]
            for task in active:
                task.cancel(force=True)
            for task in active:
                task.wait()
    embedded.stop()


@contextmanager
def _environment(values: Mapping[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    _set_environment(values)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
