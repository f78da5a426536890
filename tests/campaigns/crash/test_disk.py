"""A data directory without room, or without the right to write."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowkit import Flow, StorageFull, Task
from tests.campaigns.crash.house import House
from tests.conditions import eventually

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
Mount = Callable[[str], Path]


@pytest.fixture
def mount(house: House) -> Iterator[Mount]:
    """Put the data directory onto a file system of its own, of a size such as `16m`."""
    mounted = []

    def mount(size: str) -> Path:
        house.data_dir.mkdir(mode=0o700)
        options = f"size={size},mode=0700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(house.data_dir)]
        if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
            pytest.skip("only root can mount a file system")
        mounted.append(house.data_dir)
        return house.data_dir

    yield mount
    house.end()
    for directory in mounted:
        subprocess.run(["umount", "-l", directory], check=True)


@pytest.fixture
def flow(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """A client of the house in this process."""
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    with Flow() as flow:
        yield flow


def fill(directory: Path) -> Path:
    """Take every byte of a file system that there is."""
    ballast = directory / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for size in (MEGABYTE, 4096, 1):
            try:
                while file.write(b"\0" * size) == size:
                    continue
            except OSError:
                continue
    return ballast


def submit_until_refused(flow: Flow, witness: Path) -> list[Task]:
    """Submit tasks until the disk is full; return those that were acknowledged."""
    acknowledged: list[Task] = []

    def submit_on() -> None:
        while True:
            number = len(acknowledged)
            command = f"echo {number} >> {witness}"
            task = flow.tasks.create(command, cpus=0.01, idempotency_key=f"full-{number}")
            acknowledged.append(task)

    with pytest.raises(StorageFull) as caught:
        submit_on()
    assert (caught.value.status, caught.value.code) == (507, "storage_full")
    assert caught.value.hint
    log.info("%d more tasks were accepted before the disk was full", len(acknowledged))
    return acknowledged


@pytest.mark.parametrize("earlier", [0, 300])
def test_a_full_disk_delays_and_loses_nothing(
    house: House, flow: Flow, mount: Mount, earlier: int
) -> None:
    """With many tasks before, the database's log has room for some more when the disk has not."""
    directory = mount("32m")
    for task in flow.tasks.create_many([{"command": "true", "cpus": 0.05}] * earlier):
        task.wait(timeout=60)
    go, witness = house.home / "go", house.home / "witness"
    running = [
        flow.submit(f"until [ -e {go} ]; do sleep 0.05; done; exit {code}", cpus=0.1)
        for code in (0, 7, 42)
    ]
    for task in running:
        task.wait(until="running")
    queued = flow.tasks.create_many([{"command": "exit 5", "cpus": os.cpu_count()}] * 5)
    ballast = fill(directory)

    acknowledged = submit_until_refused(flow, witness)
    number = len(acknowledged)
    for _ in range(3):
        with pytest.raises(StorageFull):
            flow.tasks.create(f"echo {number} >> {witness}", idempotency_key=f"full-{number}")
    go.touch()
    assert len(list(flow.tasks.list())) == earlier + len(running) + len(queued) + number
    eventually(lambda: len(house.processes()) == 2)
    assert flow.logs(running[0].id) == ""
    ballast.unlink()

    again = flow.tasks.create(
        f"echo {number} >> {witness}", idempotency_key=f"full-{number}", cpus=0.01
    )
    acknowledged.append(again)
    assert [task.wait(timeout=20).exit_code for task in running] == [0, 7, 42]
    assert [task.wait(timeout=20).exit_code for task in queued] == [5] * len(queued)
    assert [task.wait(timeout=20).exit_code for task in acknowledged] == [0] * (number + 1)
    assert sorted(map(int, witness.read_text().split())) == list(range(number + 1))


def test_a_gateway_killed_on_a_full_disk(house: House, flow: Flow, mount: Mount) -> None:
    directory = mount("16m")
    go, witness = house.home / "go", house.home / "witness"
    running = flow.submit(f"until [ -e {go} ]; do sleep 0.05; done; exit 7", cpus=0.1)
    running.wait(until="running")
    ballast = fill(directory)
    acknowledged = submit_until_refused(flow, witness)
    house.kill_gateways()
    go.touch()

    refused = house.flowkit("gateway", "start")
    if refused.returncode != 0:
        assert b"Traceback" not in refused.stderr
        assert b"No space left on device" in refused.stderr or b"full" in refused.stderr
    ballast.unlink()

    assert running.wait(timeout=20).exit_code == 7
    assert [task.wait(timeout=20).exit_code for task in acknowledged] == [0] * len(acknowledged)


def test_a_task_cannot_fill_the_disk_for_all_others(house: House, flow: Flow, mount: Mount) -> None:
    mount("160m")
    stop, witness = house.home / "stop", house.home / "witness"
    hog = flow.submit(
        f"head -c {256 * MEGABYTE} /dev/zero; echo end >> {witness};"
        f" until [ -e {stop} ]; do sleep 0.05; done",
        cpus=0.1,
    )
    eventually(witness.exists, within=30)

    for number in range(20):
        other = flow.submit(f"echo {number}; exit {number}", cpus=0.1).wait(timeout=20)
        assert (other.exit_code, other.logs()) == (number, f"{number}\n")
    stop.touch()
    hog.wait(timeout=20)

    assert hog.exit_code == 0
    assert (hog.output_dropped_bytes or 0) > 96 * MEGABYTE
    notice = b"".join(data for _, data in flow.tasks.log_chunks(hog, stream="stderr"))
    assert notice == b"flowkit: the disk is full; output is lost until there is room\n"
    status = house.flowkit("status", hog.id).stdout.decode()
    assert "output lost" in status


@pytest.mark.parametrize("used_before", [False, True])
def test_a_read_only_data_directory(house: House, mount: Mount, used_before: bool) -> None:
    directory = mount("16m")
    if used_before:
        assert house.flowkit("run", "--", "true").returncode == 0
        house.kill_gateways()
    eventually(lambda: not house.processes())
    subprocess.run(["mount", "-o", "remount,ro", directory], check=True)

    for arguments in (("run", "--", "true"), ("ps",), ("gateway", "status"), ("gateway", "start")):
        finished = house.flowkit(*arguments)
        assert b"Traceback" not in finished.stderr, finished
        if arguments != ("gateway", "status"):
            assert finished.returncode in (5, 125), finished
            assert b"Read-only file system" in finished.stderr, finished
            assert b"hint" in finished.stderr.lower() or finished.stderr.count(b"\n") > 1

    sdk = house.python("-c", "from flowkit import Flow; Flow().server()")
    output, _ = sdk.communicate(timeout=30)
    assert b"GatewayStartError: cannot use" in output, output
    served = house.python("-m", "flowkit_gateway", "serve", "--data-dir", directory, "--port", "0")
    output, _ = served.communicate(timeout=30)
    assert served.returncode == 1
    assert b"Traceback" not in output
    assert b"Read-only file system" in output
