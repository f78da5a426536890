"""A gateway that is attacked through the files of its volumes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.gateway.files.file_space import FileSpace, new_volume
from tests.gateway.gateway_process import GatewayProcess

Mount = Callable[[str], Path]


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    """A gateway that all tests share which let it live."""
    yield from _running(tmp_path_factory.mktemp("files"))


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[GatewayProcess]:
    """A gateway of the test's own, which it may kill and start again."""
    yield from _running(tmp_path)


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[httpx.Client]:
    """A client of the gateway that all share."""
    with gateway.client() as client:
        yield client


@pytest.fixture
def volume(gateway: GatewayProcess, client: httpx.Client) -> FileSpace:
    """An empty volume of it."""
    return new_volume(client, gateway.data_dir)


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount a file system of a size such as `64m`, and return where a gateway can live on it."""
    mounted = []

    def mount(size: str) -> Path:
        directory = tmp_path / "small"
        directory.mkdir(mode=0o700)
        options = f"size={size},mode=0700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(directory)]
        if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
            pytest.skip("only root can mount a file system")
        mounted.append(directory)
        return directory

    yield mount
    for directory in mounted:
        subprocess.run(["umount", "-l", directory], check=True)


def _running(directory: Path) -> Iterator[GatewayProcess]:
    gateway = GatewayProcess(directory / "data", "--engine", "null")
    try:
        yield gateway.start()
    finally:
        gateway.kill()
