"""One task file that is wrong, and what is said of it."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from flowkit import TaskConfig
from flowkit.errors import InvalidRequest, InvalidTaskConfig
from tests.campaigns.bad_input.house import inventory


class TaskFile(NamedTuple):
    """A file, and what is said of it."""

    text: str | bytes
    error: str
    hint: str | re.Pattern[str]
    kind: type[InvalidRequest] = InvalidTaskConfig


def name_of(file: TaskFile) -> str:
    """Return what a test of the file is called."""
    return ascii(file.text)[1:40]


def check_task_file(file: TaskFile, directory: Path) -> None:
    """Read a file in an empty directory, and hold its error to what is said of it."""
    path = Path("task.yaml")
    path.write_bytes(file.text if isinstance(file.text, bytes) else file.text.encode())
    before = inventory(directory)
    begun = time.monotonic()
    with pytest.raises(InvalidRequest) as caught:
        TaskConfig.from_yaml(path).to_wire()
    assert time.monotonic() - begun < 5
    error = caught.value
    assert (type(error), error.code) == (file.kind, file.kind.code)
    assert error.message == file.error
    assert error.hint is not None
    assert re.fullmatch(
        file.hint if isinstance(file.hint, re.Pattern) else re.escape(file.hint), error.hint
    )
    assert inventory(directory) == before
    path.unlink()
