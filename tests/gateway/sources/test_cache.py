"""When fetched data goes: not while a task needs it, and never half of it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import StartError
from flowkit_gateway.engines.local import procfs
from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.garbage import Garbage
from flowkit_gateway.store.rows import TaskRow
from tests.gateway.local.attempts import WITHIN, reached
from tests.gateway.sources.conftest import Fetching, WebServer


async def pending_task(fetching: Fetching) -> str:
    row = TaskRow(
        id=fetching.store.new_task_id(),
        project="vision",
        created_by="tester",
        status="pending",
        engine="local",
        created_at=time.time(),
        settings={"command": ["true"]},
    )
    await fetching.store.create_tasks([row], None, b"")
    return row.id


async def garbage(fetching: Fetching, project: str | None = None) -> list[Garbage]:
    return await in_steps(fetching.cache.find(time.time() + 1, project))


async def fetch(fetching: Fetching, web: WebServer, task_id: str) -> Path:
    (web.directory / "data.bin").write_bytes(b"12345")
    os.utime(web.directory / "data.bin", (10**9, 10**9))
    url = f"{web.url}/data.bin"
    return await fetching.sources.fetch("vision", url, {}, task_id=task_id)


async def test_what_no_task_needs_any_more_is_garbage(fetching: Fetching, web: WebServer) -> None:
    task_id = await pending_task(fetching)
    path = await fetch(fetching, web, task_id)
    assert await garbage(fetching) == []
    await fetching.store.cancel_task("vision", task_id, time.time())

    (item,) = await garbage(fetching)

    assert (item.kind, item.project, item.size_bytes) == ("cache", "vision", 5)
    assert await garbage(fetching, "speech") == []
    assert await garbage(fetching, "vision") == [item]
    assert await in_steps(fetching.cache.find(item.used_at - 1, None)) == []
    assert await fetching.cache.remove(item)
    assert not path.exists()
    assert not await fetching.cache.remove(item)


async def test_what_a_task_has_begun_to_use_again_stays(fetching: Fetching, web: WebServer) -> None:
    await fetch(fetching, web, "task_that_was_deleted")
    (item,) = await garbage(fetching)
    path = await fetch(fetching, web, await pending_task(fetching))

    assert not await fetching.cache.remove(item)

    assert path.exists()


async def test_what_a_killed_gateway_was_fetching_goes(fetching: Fetching, web: WebServer) -> None:
    left = fetching.cache.entry("vision", "key").partial()
    left.data.write_bytes(b"123")
    await fetch(fetching, web, "task_1")

    fetching.cache.clean()

    assert not left.directory.exists()
    assert await garbage(fetching) != []


async def test_what_reads_a_source_ends_with_its_gateway() -> None:
    """A gateway that is killed closes its end of the pipe, and no more."""
    async with await asyncio.start_server(_hang, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        reader = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flowkit_gateway.sources.reader"),
            stdin=asyncio.subprocess.PIPE,
        )
        assert reader.stdin is not None
        reader.stdin.write(json.dumps({"url": url, "env": {}, "fetch": True}).encode() + b"\n")
        await reader.stdin.drain()

        reader.stdin.close()

        assert await asyncio.wait_for(reader.wait(), WITHIN) == 1


async def test_a_reader_that_is_killed_is_an_error(fetching: Fetching) -> None:
    async with await asyncio.start_server(_hang, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        others = set(procfs.children(os.getpid()))
        work = asyncio.create_task(fetching.sources.fetch("vision", url, {}, task_id="task_1"))
        (reader,) = await reached(lambda: set(procfs.children(os.getpid())) - others)

        os.kill(reader, signal.SIGKILL)

        with pytest.raises(StartError, match="ended in the middle of it"):
            await work


async def test_a_source_that_the_disk_cannot_hold_is_refused(
    fetching: Fetching, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowkit_gateway.disk._LEAST_FREE", 10**18)
    monkeypatch.setattr("flowkit_gateway.disk._LEAST_FREE_SHARE", 10**3)

    with pytest.raises(StartError, match="the gateway's disk has no room"):
        await fetch(fetching, web, "task_1")

    assert fetching.kept() == []


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()
