"""How fast one large file goes up and comes down, and how much memory the gateway takes for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.gateway import wait_for_port
from bench.private_gateway import Gateway, running_gateway
from bench.samples import Samples, rounds, samples
from bench.table import Row, Section, Target
from flowkit import Flow

FILE_BYTES = 1_000_000_000
PIECE = os.urandom(1_000_000)
MEGABYTE = 1e6
MEBIBYTE = 1024
"""In KiB, which the kernel counts memory in."""
BYTES = "content-type: application/octet-stream"


class _Volume(NamedTuple):
    """A volume of the gateway that is measured."""

    gateway: Gateway
    id: str

    def curl(self, path: str, *arguments: str) -> None:
        # From stdin: whoever lists processes sees their arguments.
        key = f'header = "Authorization: Bearer {self.gateway.token}"'
        _curl(f"{self.gateway.url}{path}", "--config", "-", *arguments, config=key)


def measure(count: int) -> list[Section]:
    """Measure the same file through the gateway and through the floor in turn."""
    gateway = running_gateway()
    with tempfile.TemporaryDirectory(prefix="flowkit-bench-files-") as made:
        source = Path(made) / "source"
        with source.open("wb") as file:
            for _ in range(FILE_BYTES // len(PIECE)):
                file.write(PIECE)
        with _floor(Path(made)) as floor, _client(gateway) as client, Flow() as flow:
            volume = _Volume(gateway, _create_volume(client))
            growth, own_growth = list[float](), list[float]()

            def with_sdk(action: Callable[[], object]) -> Callable[[], None]:
                return _watched(os.getpid(), own_growth, _watched(gateway.pid, growth, action))

            up = {
                "floor": lambda: _curl(f"{floor}/up", "-X", "POST", "-T", str(source)),
                "write": _watched(gateway.pid, growth, lambda: _write(volume, source)),
                "upload": _watched(gateway.pid, growth, lambda: _upload(client, volume, source)),
                "sdk": with_sdk(lambda: flow.storage.upload(source, f"{volume.id}:file")),
            }
            # A round writes three files of 1 GB: a third of the rounds is enough.
            sent = rounds(up, max(3, count // 3))
            path = f"/v1/files:read?space={volume.id}&path=file"
            down = {
                "floor": lambda: _curl(f"{floor}/up", "-o", os.devnull),
                "read": _watched(gateway.pid, growth, lambda: volume.curl(path, "-o", os.devnull)),
                # To a disk, which the others need not wait for.
                "sdk": with_sdk(
                    lambda: flow.storage.download(f"{volume.id}:file", Path(made) / "received")
                ),
            }
            received = rounds(down, max(3, count // 3))
    return [
        Section(
            "Files",
            [
                Row("curl of 1 GB up to bare Starlette (floor)", "MB/s", _speed(sent["floor"])),
                _row("curl of 1 GB up to the gateway, in one call", sent["write"], sent["floor"]),
                _row("curl of 1 GB up, begun and completed", sent["upload"], sent["floor"]),
                _row("flow.storage.upload of 1 GB", sent["sdk"], sent["floor"]),
                Row(
                    "curl of 1 GB down from bare Starlette (floor)",
                    "MB/s",
                    _speed(received["floor"]),
                ),
                _row("curl of 1 GB down from the gateway", received["read"], received["floor"]),
                _row("flow.storage.download of 1 GB", received["sdk"], received["floor"]),
                Row(
                    "RSS that the gateway grows by while 1 GB goes through",
                    "MiB",
                    samples(growth),
                    target=Target(32),
                ),
                Row(
                    "RSS that the client grows by meanwhile",
                    "MiB",
                    samples(own_growth),
                    target=Target(32),
                ),
            ],
        )
    ]


def _row(what: str, measured: Samples, floor: Samples) -> Row:
    return Row(
        what,
        "MB/s",
        _speed(measured),
        ratio=floor.ratios(measured),
        over="curl to Starlette",
        target=Target(0.5, at_least=True, of_ratio=True),
    )


def _speed(measured: Samples) -> Samples:
    return measured.rates(1).scaled(FILE_BYTES / MEGABYTE)


def _write(volume: _Volume, source: Path) -> None:
    path = f"/v1/files:write?space={volume.id}&path=file"
    volume.curl(path, "-X", "POST", "-H", BYTES, "-T", str(source))


def _upload(client: httpx.Client, volume: _Volume, source: Path) -> None:
    body = {"space": volume.id, "path": "file", "size_bytes": FILE_BYTES}
    upload = client.post("/v1/uploads", json=body).raise_for_status().json()["id"]
    path = f"/v1/uploads/{upload}:append"
    volume.curl(path, "-X", "POST", "-H", BYTES, "-H", "Upload-Offset: 0", "-T", str(source))
    client.post(f"/v1/uploads/{upload}:complete", json={}).raise_for_status()


def _create_volume(client: httpx.Client) -> str:
    return str(client.post("/v1/volumes", json={"size_gb": 10}).raise_for_status().json()["id"])


def _client(gateway: Gateway) -> httpx.Client:
    headers = {"Authorization": f"Bearer {gateway.token}"}
    return httpx.Client(base_url=gateway.url, headers=headers, timeout=120)


def _curl(url: str, *arguments: str, config: str = "") -> None:
    subprocess.run(
        ["curl", "--silent", "--show-error", "--fail", *arguments, url],
        input=config.encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _watched(pid: int, growth: list[float], action: Callable[[], object]) -> Callable[[], None]:
    """Also note by how many MiB a process's memory was larger than before at most."""

    def run() -> None:
        # 5 sets the peak back to what is used now (proc_pid_clear_refs(5)).
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        before = _kibibytes(pid, "VmRSS")
        action()
        growth.append((_kibibytes(pid, "VmHWM") - before) / MEBIBYTE)

    return run


def _kibibytes(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise RuntimeError(f"the kernel does not tell {name}")


@contextmanager
def _floor(directory: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.floor_file_server", str(port), str(directory)]
    )
    try:
        wait_for_port(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
