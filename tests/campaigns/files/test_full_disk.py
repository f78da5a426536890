"""Uploads to a gateway whose disk is full."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.campaigns.files.conftest import Mount
from tests.gateway.files.file_space import FileSpace, new_volume, refused
from tests.gateway.gateway_process import GatewayProcess

MEGABYTE = 1024 * 1024


@pytest.fixture
def small(mount: Mount) -> Iterator[tuple[GatewayProcess, httpx.Client]]:
    """A gateway on a disk of 64 MiB, and a client of it."""
    gateway = GatewayProcess(mount("64m") / "data", "--engine", "null")
    try:
        with gateway.start().client() as client:
            yield gateway, client
    finally:
        gateway.kill()


def fill(directory: Path, leave: int) -> Path:
    """Take all of a disk but so many bytes."""
    ballast = directory / "ballast"
    disk = os.statvfs(directory)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - leave)
    return ballast


def files_on_disk(gateway: GatewayProcess) -> list[str]:
    return os.listdir(gateway.data_dir / "uploads")


def test_a_file_that_has_no_room_leaves_nothing(small: tuple[GatewayProcess, httpx.Client]) -> None:
    gateway, client = small
    volume = new_volume(client, gateway.data_dir)
    volume.write("file", b"before")
    ballast = fill(gateway.data_dir, leave=8 * MEGABYTE)
    content = os.urandom(16 * MEGABYTE)

    for _ in range(3):
        assert refused(volume.write("file", content)) == "storage_full"
        assert files_on_disk(gateway) == []
    assert volume.read("file").content == b"before"
    assert refused(volume.begin("new", len(content))) == "storage_full"

    ballast.unlink()
    assert volume.write("file", content).status_code == 200
    assert volume.read("file").content == content


def test_an_upload_goes_on_when_there_is_room_again(
    small: tuple[GatewayProcess, httpx.Client],
) -> None:
    gateway, client = small
    volume = new_volume(client, gateway.data_dir)
    content = os.urandom(16 * MEGABYTE)
    upload = volume.begun("file", len(content))
    ballast = fill(gateway.data_dir, leave=8 * MEGABYTE)

    assert refused(volume.append(upload, 0, content)) == "storage_full"
    offset = volume.offset(upload)
    assert 0 < offset < len(content)
    assert refused(volume.append(upload, offset, content[offset:])) == "storage_full"
    # What is kept back of the disk is for the outcomes of tasks, so that these go on.
    task = client.get("/v1/tasks").json()
    assert task["items"] == []

    ballast.unlink()
    offset = volume.offset(upload)
    assert volume.append(upload, offset, content[offset:]).status_code == 200
    completed = volume.complete(upload, hashlib.sha256(content).hexdigest())
    assert completed.status_code == 200, completed.text
    assert volume.read("file").content == content


def test_files_are_read_and_deleted_on_a_full_disk(
    small: tuple[GatewayProcess, httpx.Client],
) -> None:
    gateway, client = small
    volume = new_volume(client, gateway.data_dir)
    volume.write("a/file", b"content" * MEGABYTE)
    volume.write("b", b"content")
    fill(gateway.data_dir, leave=0)

    assert volume.read("b").content == b"content"
    assert volume.listed(recursive="true") == ["a", "a/file", "b"]
    assert volume.delete("b").status_code == 204
    assert volume.delete("a", recursive="true").status_code == 204
    assert volume.listed() == []


def test_volumes_on_another_disk_than_the_gateway(mount: Mount, mortal: GatewayProcess) -> None:
    """Files arrive where they will be, as nothing can be renamed from one disk to another."""
    volumes = mortal.data_dir / "volumes"
    if volumes.exists():
        volumes.rmdir()
    volumes.symlink_to(mount("64m"))
    with mortal.client() as client:
        use_every_operation(new_volume(client, mortal.data_dir))
    assert files_on_disk(mortal) == []


def use_every_operation(volume: FileSpace) -> None:
    assert volume.write("a/file", b"content").status_code == 200
    upload = volume.begun("b", 3)
    volume.append(upload, 0, b"abc")
    assert volume.complete(upload).json() == volume.complete(upload).json()
    assert volume.listed(recursive="true") == ["a", "a/file", "b"]
    assert volume.delete("a", recursive="true").status_code == 204
    given_up = volume.begun("c", 3)
    volume.append(given_up, 0, b"abc")
    assert volume.client.delete(f"/v1/uploads/{given_up}").status_code == 204
    assert os.listdir(volume.root) == ["b"]
