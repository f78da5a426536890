"""Volumes and files against a gateway that is there: faults, kills, large files."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from flowkit import (
    AlreadyExists,
    AsyncFlow,
    Conflict,
    FileNotFound,
    Flow,
    InvalidMount,
    InvalidPath,
    TaskConfig,
    TaskNotPending,
    VolumeInUse,
    VolumeNotFound,
    VolumeSpec,
    embedded,
)
from flowkit.transfers import TransferProgress


def test_a_volume_is_created_with_the_task_that_names_its_size(flow: Flow) -> None:
    config = TaskConfig(
        name="train",
        command=["touch", "/data/here"],
        volumes=[VolumeSpec(size_gb=200, mount_path="/data", name="train-data")],
    )
    assert flow.run(config).wait().exit_code == 0
    assert flow.run(config).wait().exit_code == 0
    (volume,) = flow.list_volumes()
    assert (volume.name, volume.size_gb, volume.usage().file_count) == ("train-data", 200, 1)


def test_mounts_as_people_know_them(flow: Flow, tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "x").write_text("1")
    flow.create_volume(5, name="datasets", interface="file")
    flow.storage.write("datasets:y", b"2")
    mounts = {"/data": "volume://datasets", "/models": str(tmp_path / "local")}
    task = flow.submit("cat /data/y /models/x; touch /models/z", mounts=mounts, wait=True)
    assert task.logs().startswith("21")
    assert task.exit_code != 0, "a local path is mounted read-only"
    assert not (tmp_path / "local" / "z").exists()


def test_a_mount_is_added_to_a_task_that_waits(flow: Flow) -> None:
    flow.create_volume(5, name="datasets")
    waiting = flow.run("ls -d /in", hold=True)
    assert flow.mount_volume("datasets", waiting.id, mount_point="/in") is True
    flow.tasks.release(waiting)
    assert waiting.wait().exit_code == 0
    with pytest.raises(TaskNotPending):
        flow.mount_volume("datasets", waiting.id)


def test_a_volume_in_use_stays(flow: Flow) -> None:
    volume = flow.create_volume(5, name="busy")
    task = flow.run("sleep 600", mounts={"/data": "busy"})
    with pytest.raises(VolumeInUse, match=task.id):
        volume.delete()
    assert volume.refresh().task_ids == [task.id]
    task.cancel(force=True)
    task.wait()
    volume.delete()


def test_names_are_taken_once_and_ids_are_kept(flow: Flow) -> None:
    volume = flow.volumes.create(5, name="one", cloneable=True)
    with pytest.raises(AlreadyExists):
        flow.volumes.create(5, name="one")
    volume.update(name="two", size_gb=6, permission="ro")
    assert flow.volumes.get("two") == volume
    assert (volume.name, volume.size_gb, volume.access) == ("two", 6, "ro")
    copy = volume.clone("three")
    assert (copy.name, copy.size_gb) == ("three", 6)
    assert volume.update(clear="name").name is None
    with pytest.raises(InvalidMount):
        flow.run("true", mounts={"/a": "three", "/a/b": "three"})


def test_storage_as_people_know_it(flow: Flow, tmp_path: Path) -> None:
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    assert list(flow.storage.list()) == []
    flow.storage.mkdir(path="/datasets/imagenet/")
    flow.storage.upload(local_path="train.parquet", remote_path="/datasets/imagenet/train.parquet")
    (found,) = flow.storage.list(prefix="/datasets/imagenet/")
    assert (found.path, found.size_bytes) == ("/datasets/imagenet/train.parquet", 4)
    assert found.modified_at.timestamp() == pytest.approx(
        (tmp_path / "train.parquet").stat().st_mtime, abs=1e-5
    )
    moved = flow.storage.rename(found.path, "/datasets/valid.parquet")
    flow.storage.download(moved.path, "copy.parquet")
    assert (tmp_path / "copy.parquet").read_bytes() == b"PAR1"
    checksum = flow.storage.stat(moved.path, checksum=True).sha256
    assert checksum == hashlib.sha256(b"PAR1").hexdigest()
    with pytest.raises(Conflict):
        flow.storage.delete("/datasets")
    flow.storage.delete("/datasets", recursive=True)
    assert list(flow.storage.list(recursive=True)) == []
    assert flow.volumes.get("storage").size_gb == 1000


def test_what_is_not_there_is_said(flow: Flow) -> None:
    for path in ("/nothing", "/nothing/below"):
        with pytest.raises(FileNotFound):
            flow.storage.download(path)
    flow.storage.write("/x", b"")
    with pytest.raises(FileNotFound):
        flow.storage.stat("/nothing")
    for path in ("/../x", "/a/./b", "/a\nb"):
        with pytest.raises(InvalidPath):
            flow.storage.write(path, b"")
    with pytest.raises(VolumeNotFound):
        list(flow.storage.list("nowhere:"))


def test_a_task_workspace_can_be_looked_into(flow: Flow) -> None:
    task = flow.run("echo result > out.txt", code=False)
    assert task.wait().exit_code == 0
    assert b"".join(flow.storage.read(f"{task.id}:out.txt")) == b"result\n"


def test_an_upload_outlives_the_gateway(flow: Flow, tmp_path: Path) -> None:
    size = 40_000_000
    (tmp_path / "large").write_bytes(os.urandom(size))
    killed: list[int] = []

    def kill(progress: TransferProgress) -> None:
        if not killed and progress.transferred_bytes > size / 3:
            record = embedded.status()
            assert record is not None
            killed.append(record.pid)
            os.kill(record.pid, signal.SIGKILL)

    flow.storage.upload("large", "/large", progress=kill)
    assert killed
    flow.storage.download("/large", "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()


def test_a_download_outlives_the_gateway(flow: Flow, tmp_path: Path) -> None:
    size = 40_000_000
    (tmp_path / "large").write_bytes(os.urandom(size))
    flow.storage.upload("large", "/large")
    killed: list[int] = []

    def kill(progress: TransferProgress) -> None:
        if not killed and progress.transferred_bytes > size / 3:
            record = embedded.status()
            assert record is not None
            killed.append(record.pid)
            os.kill(record.pid, signal.SIGKILL)

    flow.storage.download("/large", "back", progress=kill)
    assert killed
    assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()


def test_a_large_file_takes_little_memory(flow: Flow, tmp_path: Path) -> None:
    size = 150_000_000
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    flow.storage.write("/warm", b"x")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flow.storage.upload("large", "/large")
    flow.storage.download("/large", "back")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert (tmp_path / "back").stat().st_size == size
    assert grown < size / 5


async def test_the_asynchronous_twin(flow: Flow, tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / "tree" / str(number % 4)).mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / str(number % 4) / f"{number}").write_text(str(number))

    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with AsyncFlow() as other:
        volume = await other.create_volume(5, name="mine")
        sent = await other.storage.upload("tree", "mine:tree")
        got = await other.storage.download("mine:tree", "back")
        assert sent == got
        assert sent.files == 30
        await other.storage.write("mine:parts", parts())
        assert b"".join([part async for part in other.storage.read("mine:parts")]) == b"one two"
        assert (await volume.usage()).file_count == 31
        with suppress(FileNotFoundError):
            await other.storage.download("mine:nothing")
    assert (tmp_path / "back" / "3" / "3").read_text() == "3"
