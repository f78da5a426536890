"""Copies of git repositories go when nothing was checked out from them for long."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from flowkit_gateway.disposal import Disposal
from flowkit_gateway.garbage import DEFAULT_AGES, Collector
from flowkit_gateway.git_mirrors import GitMirrorGarbage
from flowkit_gateway.git_repositories import GitRepositories, Repository

DAY = 86400

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class House:
    """A repository and its copy.

    Args:
        folder: an empty directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        origin = folder / "origin"
        for command in (
            ["init", "-q", str(origin)],
            ["-C", str(origin), "commit", "-q", "--allow-empty", "-m", "first"],
        ):
            who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
            subprocess.run(["git", *who, *command], check=True)
        self.repository = Repository("vision", f"file://{origin}")
        self.git = GitRepositories(folder / "git", embedded=True)
        self.disposal = Disposal(folder / "trash")
        mirrors = GitMirrorGarbage(folder / "git", self.disposal, self.git.is_in_use)
        self.collector = Collector([mirrors], folder, self.disposal, DEFAULT_AGES)

    async def check_out(self, name: str) -> None:
        commit = await self.git.resolve(self.repository, None)
        await self.git.check_out(self.repository, commit, None, self.folder / name)

    @property
    def mirror(self) -> Path:
        (found,) = (self.folder / "git" / "vision").iterdir()
        return found

    def grow_old(self) -> None:
        """Let 15 days pass since the last use."""
        old = self.mirror.stat().st_mtime - 15 * DAY
        os.utime(self.mirror, (old, old))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_a_copy_goes_when_it_is_old_and_comes_back_when_needed(house: House) -> None:
    await house.check_out("one")
    assert await house.collector.collect() == []
    house.grow_old()
    (found,) = await house.collector.collect()
    assert (found.kind, found.project) == ("cache", "vision")
    assert found.size_bytes > 0
    assert not list((house.folder / "git" / "vision").iterdir())
    await house.check_out("two")
    assert (house.folder / "two").is_dir()
    await house.disposal.close()


async def test_a_copy_in_use_stays(house: House) -> None:
    await house.check_out("one")
    house.grow_old()
    mirror = house.mirror
    using = asyncio.create_task(house.check_out("two"))
    while not house.git.is_in_use(mirror):  # noqa: ASYNC110  # nothing tells of it
        await asyncio.sleep(0)
    assert await house.collector.collect(older_than=0) == []
    await using
    assert not house.git.is_in_use(mirror)
    assert [item.name for item in await house.collector.collect(older_than=0)] == [mirror.name]
    await house.disposal.close()


async def test_a_project_has_its_own_copies(house: House) -> None:
    await house.check_out("one")
    assert await house.collector.collect("speech", older_than=0, dry_run=True) == []
    assert len(await house.collector.collect("vision", older_than=0, dry_run=True)) == 1
