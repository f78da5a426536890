"""Starts of the gateway that go wrong, collide, or find what an earlier one left behind."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
from functools import partial
from pathlib import Path

import pytest

from flowkit_gateway.engines.local import procfs
from tests.campaigns.crash.house import PYTHON, House, descriptors
from tests.campaigns.form import sized
from tests.conditions import eventually

Process = subprocess.Popen[bytes]

CLIENTS = 20
RUN = """
from flowkit import Flow
with Flow() as flow:
    print(flow.submit("true", cpus=0.1, wait=True).exit_code)
"""


def test_twenty_clients_at_once_start_one_gateway(house: House) -> None:
    clients = [house.python("-c", RUN) for _ in range(CLIENTS)]
    outputs = [client.communicate(timeout=100)[0] for client in clients]

    assert outputs == [b"0\n"] * CLIENTS
    assert len(house.gateways()) == 1
    assert (house.data_dir / "gateway.log").read_text().count("serving http") == 1


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_gateway_that_is_killed_while_it_starts_is_started_again(
    house: House, deaths: int
) -> None:
    client = house.python("-c", RUN)
    killed: set[int] = set()
    while len(killed) < deaths:
        [victim] = eventually(lambda: [e for e in house.gateways() if e.pid not in killed])
        assert procfs.send_signal(victim, signal.SIGKILL)
        killed.add(victim.pid)

    assert client.communicate(timeout=60)[0] == b"0\n"


def test_a_gateway_that_cannot_live_is_given_up(house: House) -> None:
    with house.python("-c", RUN) as client:
        while client.poll() is None:
            house.kill_gateways()
        assert client.stdout is not None
        output = client.stdout.read()

    message = b"GatewayStartError: the gateway could not be started: it was killed by signal 9"
    assert message in output


def test_a_client_collects_the_gateways_that_it_started(house: House) -> None:
    rounds = 3
    script = f"""
import os, signal
from flowkit import Flow, embedded
with Flow() as flow:
    for _ in range({rounds}):
        flow.submit("true", cpus=0.1, wait=True)
        os.kill(embedded.status().pid, signal.SIGKILL)
    flow.submit("true", cpus=0.1, wait=True)
    os.read(0, 1)
"""
    client = subprocess.Popen([PYTHON, "-c", script], stdin=subprocess.PIPE, env=house.environment)
    with client:
        eventually(lambda: len(finished(house)) == rounds + 1, within=60)
        states = [
            found.state for pid in procfs.children(client.pid) if (found := procfs.process(pid))
        ]
        client.communicate(b"\n", timeout=20)

    assert states.count("Z") == 0


def finished(house: House) -> list[Path]:
    return list((house.data_dir / "tasks").glob("*/*/exit"))


def test_of_two_gateways_on_one_directory_one_serves(house: House) -> None:
    arguments = ("-m", "flowkit_gateway", "serve", "--port", "0", "--data-dir", house.data_dir)
    for _ in range(sized(short=3, full=20)):
        both = [house.python(*arguments) for _ in range(2)]
        loser, winner = eventually(partial(loser_and_winner, both))
        output, _ = loser.communicate()
        assert loser.returncode == 1
        assert b"another gateway" in output
        assert b"Traceback" not in output
        announced = eventually(partial(read_if_there, house.data_dir / "gateway.json"))
        assert json.loads(announced)["pid"] == winner.pid
        winner.terminate()
        winner.communicate(timeout=20)
        assert winner.returncode == 0


def loser_and_winner(pair: list[Process]) -> list[Process]:
    """Return both, first the one that has ended; nothing as long as both run."""
    order = sorted(pair, key=lambda each: each.poll() is None)
    return order if order[0].returncode is not None else []


def read_if_there(path: Path) -> str:
    return path.read_text() if path.exists() else ""


STALE = {
    "a dead process": {"url": "http://127.0.0.1:9", "token": "t", "pid": 999999, "version": "0"},
    "a pid in use": {"url": "http://127.0.0.1:9", "token": "t", "pid": 1, "version": "0"},
    "no url": {"pid": 1},
    "another type": [1, 2],
    "nonsense": "nonsense",
}


@pytest.mark.parametrize("content", STALE.values(), ids=STALE.keys())
def test_a_stale_announcement_misleads_nobody(house: House, content: object) -> None:
    house.data_dir.mkdir(mode=0o700)
    (house.data_dir / "gateway.json").write_text(json.dumps(content))
    for lock in ("gateway.lock", "start.lock"):
        (house.data_dir / lock).touch(0o600)

    finished = house.flowkit("run", "--", "echo", "hi")

    assert (finished.returncode, finished.stdout) == (0, b"hi\n"), finished


def test_an_empty_announcement_of_a_loss_of_power_misleads_nobody(house: House) -> None:
    house.data_dir.mkdir(mode=0o700)
    (house.data_dir / "gateway.json").touch()

    assert house.flowkit("run", "--", "true").returncode == 0


def test_kills_leave_no_temporary_files(house: House) -> None:
    """Whatever a gateway was about to write when it died, the next one cleans up."""
    house.data_dir.mkdir(mode=0o700)
    (house.data_dir / ".gateway.json").write_text("half a docu")
    house.start()
    house.flowkit("gateway", "stop")

    assert not [path for path in house.data_dir.iterdir() if path.name.startswith(".")]
    assert os.stat(house.data_dir).st_mode & 0o777 == 0o700


def test_who_looks_for_a_gateway_does_not_keep_it_from_starting(house: House) -> None:
    """To look takes the lock for a moment, which a gateway must not take for another gateway."""
    house.data_dir.mkdir(mode=0o700)
    lock = house.data_dir / "gateway.lock"
    arguments = ("-m", "flowkit_gateway", "serve", "--port", "0", "--data-dir", house.data_dir)
    with lock.open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        with house.python(*arguments) as gateway:
            eventually(lambda: has_open(gateway, lock) or gateway.poll() is not None, within=30)
            fcntl.flock(looking, fcntl.LOCK_UN)
            announced = house.data_dir / "gateway.json"
            eventually(lambda: announced.exists() or gateway.poll() is not None, within=30)
            gateway.terminate()
            output, _ = gateway.communicate(timeout=20)
            assert gateway.returncode == 0, output


def has_open(process: Process, path: Path) -> bool:
    return process.poll() is None and str(path) in descriptors(process.pid).values()
