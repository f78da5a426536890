"""Following output while it is written, and noticing that it grows."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from flowkit_gateway.engines.local.output import STDERR, STDOUT, Output
from flowkit_gateway.logs.follow import follow
from flowkit_gateway.logs.reader import AttemptLog, View
from flowkit_gateway.logs.watch import GrowthWatcher


@pytest.fixture(params=["inotify", "polling"])
async def watcher(request: pytest.FixtureRequest) -> AsyncIterator[GrowthWatcher]:
    watcher = GrowthWatcher()
    watcher._unavailable = request.param == "polling"
    yield watcher
    watcher.close()


class Follower:
    """Collects what a follow yields, in a task of its own."""

    def __init__(self, directory: Path, watcher: GrowthWatcher, offset: int = 0) -> None:
        self.ended = asyncio.Event()
        self.text = ""
        self._grown = asyncio.Event()
        self._stream = follow(
            AttemptLog(directory), View.MERGED, offset, ended=self.ended, watcher=watcher
        )
        self.task = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        async for encoded in self._stream:
            self.text += "".join(chunk["text"] for chunk in encoded.chunks)
            self._grown.set()

    async def until(self, text: str) -> None:
        async with asyncio.timeout(10):
            while self.text != text:
                self._grown.clear()
                await self._grown.wait()

    async def finish(self) -> str:
        self.ended.set()
        await asyncio.wait_for(self.task, 10)
        return self.text

    async def abandon(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self._stream.aclose()


async def test_output_is_yielded_as_it_is_written(tmp_path: Path, watcher: GrowthWatcher) -> None:
    output = Output(str(tmp_path), 1 << 30)
    follower = Follower(tmp_path, watcher)

    output.write(STDOUT, b"one\n")
    await follower.until("one\n")
    output.write(STDERR, b"two\n")
    await follower.until("one\ntwo\n")

    assert await follower.finish() == "one\ntwo\n"


async def test_a_directory_that_is_made_later(tmp_path: Path, watcher: GrowthWatcher) -> None:
    directory = tmp_path / "later"
    follower = Follower(directory, watcher)
    await asyncio.sleep(0)

    directory.mkdir()
    Output(str(directory), 1 << 30).write(STDOUT, b"hello\n")

    await follower.until("hello\n")
    await follower.finish()


async def test_what_was_written_at_the_very_end_is_yielded(
    tmp_path: Path, watcher: GrowthWatcher
) -> None:
    output = Output(str(tmp_path), 1 << 30)
    follower = Follower(tmp_path, watcher)
    await asyncio.sleep(0)
    output.write(STDOUT, b"last words")

    assert await follower.finish() == "last words"


async def test_a_character_at_the_cut_of_a_large_finished_log_stays_whole(
    tmp_path: Path, watcher: GrowthWatcher
) -> None:
    text = "€" * 300_000
    Output(str(tmp_path), 1 << 30).write(STDOUT, text.encode())
    follower = Follower(tmp_path, watcher)

    assert await follower.finish() == text


async def test_following_resumes_at_an_offset(tmp_path: Path, watcher: GrowthWatcher) -> None:
    Output(str(tmp_path), 1 << 30).write(STDOUT, b"one\ntwo\n")
    follower = Follower(tmp_path, watcher, offset=4)

    assert await follower.finish() == "two\n"


async def test_a_watch_ends_with_its_last_follower(tmp_path: Path) -> None:
    watcher = GrowthWatcher()
    first, second = Follower(tmp_path, watcher), Follower(tmp_path, watcher)
    await asyncio.sleep(0.01)
    assert len(watcher._watches) == 1

    await first.abandon()
    assert len(watcher._watches) == 1
    await second.finish()

    assert (watcher._watches, watcher._followers) == ({}, {})
    watcher.close()


async def test_a_removed_directory_wakes_its_followers(tmp_path: Path) -> None:
    watcher = GrowthWatcher()
    directory = tmp_path / "run"
    directory.mkdir()
    with watcher.growth(directory) as growth:
        shutil.rmtree(directory)
        await asyncio.wait_for(growth.wait(), 10)
        directory.mkdir()
    assert watcher._watches == {}
    watcher.close()


async def test_following_a_silent_log_costs_nothing(tmp_path: Path) -> None:
    watcher = GrowthWatcher()
    follower = Follower(tmp_path, watcher)
    await asyncio.sleep(0.05)
    before = os.times()

    await asyncio.sleep(0.5)

    after = os.times()
    assert after.user + after.system - before.user - before.system < 0.05
    await follower.finish()
    watcher.close()
