"""Writing the generated code, in a checkout of its own."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
CLIENT = Path("generated/flowkit_api")

ASYNCHRONOUS = '''\
"""Tasks of `AsyncFlow`.

    >>> async with AsyncFlow() as flow:
    ...     await flow.aclose()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowkit._async.flow import AsyncFlow

__all__ = ["AsyncTask"]


class AsyncTask:
    def __init__(self, flow: AsyncFlow) -> None:
        self.flow = flow
        self.lock = asyncio.Lock()

    async def refresh(self) -> AsyncTask:
        from flowkit_api.api.tasks import get_task

        await asyncio.sleep(1)  # as AsyncFlow does
        found = await asyncio.to_thread(self.flow.find, "AsyncTask", 1)
        return await get_task.asyncio(client=self.flow.api, task_id=found)

    async def chunks(self) -> AsyncIterator[bytes]:
        async with aclosing(self.flow.astream()) as chunks:
            async for chunk in chunks:
                yield chunk
'''

SYNCHRONOUS = '''\
# Written by `make regen` from flowkit/_async/tasks.py: edit that file.
"""Tasks of `Flow`.

>>> with Flow() as flow:
...     flow.close()
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowkit._sync.flow import Flow

__all__ = ["Task"]


class Task:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.lock = threading.Lock()

    def refresh(self) -> Task:
        from flowkit_api.api.tasks import get_task

        time.sleep(1)  # as Flow does
        found = self.flow.find("Task", 1)
        return get_task.sync(client=self.flow.api, task_id=found)

    def chunks(self) -> Iterator[bytes]:
        with closing(self.flow.stream()) as chunks:
            for chunk in chunks:
                yield chunk
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Copy what generated code is made from, and what it was."""
    for name in ("scripts", "templates", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "openapi.yaml", tmp_path)
    (tmp_path / "flowkit/_async").mkdir(parents=True)
    (tmp_path / "flowkit/_async/tasks.py").write_text(ASYNCHRONOUS)
    return tmp_path


def regenerate(checkout: Path, *arguments: str, seed: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, checkout / "scripts/regenerate.py", *arguments],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_client_is_fresh_and_its_twin_is_written(checkout: Path) -> None:
    first = regenerate(checkout, seed=1)
    assert (first.returncode, first.stderr) == (0, "written: flowkit/_sync/tasks.py\n")
    assert (checkout / "flowkit/_sync/tasks.py").read_text() == SYNCHRONOUS
    again = regenerate(checkout, seed=2)
    assert (again.returncode, again.stderr) == (0, "")


def test_stale_files_are_listed_then_removed_or_written(checkout: Path) -> None:
    stray = checkout / CLIENT / "models/tusk.py"
    stray.write_text("")
    (checkout / CLIENT / "types.py").write_text("changed by hand")
    checked = regenerate(checkout, "--check")
    assert checked.returncode == 1
    assert checked.stderr.splitlines() == [
        "stale: flowkit/_sync/tasks.py",
        "stale: generated/flowkit_api/models/tusk.py",
        "stale: generated/flowkit_api/types.py",
        "run `make regen` and commit what it writes",
    ]
    assert stray.exists()
    assert regenerate(checkout).returncode == 0
    assert not stray.exists()
    assert filecmp.cmp(checkout / CLIENT / "types.py", ROOT / CLIENT / "types.py", shallow=False)
    assert (checkout / "flowkit/_sync/tasks.py").exists()


def test_another_release_of_the_generator_is_refused(checkout: Path) -> None:
    upstream = checkout / "templates/UPSTREAM.json"
    upstream.write_text(json.dumps({**json.loads(upstream.read_text()), "version": "0.1"}))
    refused = regenerate(checkout)
    assert refused.returncode == 1
    assert "the templates are for 0.1" in refused.stderr


def test_a_contract_that_is_not_understood_changes_nothing(checkout: Path) -> None:
    contract = (checkout / "openapi.yaml").read_text()
    (checkout / "openapi.yaml").write_text(contract.replace('schemas/Health"', 'schemas/Wealth"'))
    refused = regenerate(checkout)
    assert refused.returncode == 1
    assert "schemas/Wealth" in refused.stderr
    compared = filecmp.dircmp(checkout / CLIENT, ROOT / CLIENT, ignore=["__pycache__"])
    assert (compared.left_only, compared.diff_files) == ([], [])


def test_a_source_without_a_synchronous_form_is_refused(checkout: Path) -> None:
    (checkout / "flowkit/_async/tasks.py").write_text("import asyncio\n\nasyncio.gather()\n")
    refused = regenerate(checkout)
    assert refused.returncode == 1
    assert "flowkit/_async/tasks.py: asyncio.gather has no synchronous form" in refused.stderr
    assert not (checkout / "flowkit/_sync").exists()
