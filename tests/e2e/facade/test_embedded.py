"""The embedded gateway is there when it is needed, whatever became of the last one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flowkit import AsyncFlow, Flow, GatewayStartError, Task, embedded
from flowkit.embedded import Record
from tests.conditions import eventually


def running() -> Record:
    """Return the gateway that runs."""
    record = embedded.status()
    assert record is not None
    return record


def kill_gateway() -> int:
    """Kill the gateway as nothing can prepare for, and return the number of its process."""
    pid = running().pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: embedded.status() is None)
    return pid


@pytest.mark.usefixtures("flow")
def test_of_many_clients_at_once_one_starts_it() -> None:
    program = "from flowkit import Flow\nwith Flow() as flow: print(flow.server().pid)"
    clients = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        for _ in range(20)
    ]
    pids = {client.communicate(timeout=100)[0].strip() for client in clients}
    assert [client.returncode for client in clients] == [0] * 20
    assert pids == {str(running().pid)}


def test_of_many_threads_at_once_one_starts_it(flow: Flow) -> None:
    start = threading.Barrier(10)
    pids: list[int] = []

    def call() -> None:
        start.wait()
        pids.append(flow.server().pid)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 10
    assert len(set(pids)) == 1


def test_it_outlives_its_client(flow: Flow) -> None:
    program = "from flowkit import Flow; print(Flow().run('sleep 60').id)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not flow.get_task(done.stdout.strip()).is_terminal


def test_a_call_after_a_kill_starts_another(flow: Flow) -> None:
    task = flow.run("sleep 60")
    before = kill_gateway()
    assert flow.get_task(task.id).id == task.id
    assert running().pid != before


def test_a_wait_survives_a_kill(flow: Flow, tmp_path: Path) -> None:
    task = flow.run(f"until [ -e {tmp_path}/go ]; do sleep 0.01; done; exit 7")
    flow.wait_for(task, until="running")
    ended: list[Task] = []
    waiter = threading.Thread(target=lambda: ended.append(flow.wait_for(task.id)))
    waiter.start()
    kill_gateway()
    eventually(lambda: embedded.status() is not None)
    (tmp_path / "go").touch()
    waiter.join(60)
    assert [found.exit_code for found in ended] == [7]


def test_a_followed_log_survives_kills(flow: Flow) -> None:
    task = flow.run("for i in $(seq 300); do echo line $i; sleep 0.01; done")
    lines = []
    for line in flow.logs(task.id, follow=True):
        lines.append(line)
        if len(lines) in (50, 150):
            kill_gateway()
    assert lines == [f"line {number}" for number in range(1, 301)]
    assert flow.wait_for(task).exit_code == 0


async def test_the_asynchronous_twin_survives_kills_too(flow: Flow) -> None:
    async with AsyncFlow() as other:
        task = await other.run("for i in $(seq 100); do echo line $i; sleep 0.01; done; exit 5")
        waiter = asyncio.create_task(other.wait_for(task.id))
        lines = []
        async for line in other.logs(task.id, follow=True):
            lines.append(line)
            if len(lines) == 30:
                await asyncio.to_thread(kill_gateway)
        assert lines == [f"line {number}" for number in range(1, 101)]
        assert (await waiter).exit_code == 5


def test_a_file_that_a_killed_gateway_left_leads_nobody_astray(flow: Flow, tmp_path: Path) -> None:
    flow.server()
    kill_gateway()
    file = tmp_path / "home" / "gateway" / "gateway.json"
    assert json.loads(file.read_bytes())["url"]
    with Flow() as other:
        assert other.server().pid == running().pid


@pytest.mark.parametrize("content", ["", "{", "[]", '{"url": 7}', "\udcff"])
def test_a_file_that_is_broken_leads_nobody_astray(
    flow: Flow, tmp_path: Path, content: str
) -> None:
    directory = tmp_path / "home" / "gateway"
    directory.mkdir(parents=True)
    (directory / "gateway.json").write_bytes(content.encode(errors="surrogateescape"))
    assert flow.server().pid == running().pid


def test_a_gateway_that_was_stopped_is_started_again(flow: Flow) -> None:
    before = flow.server().pid
    assert embedded.stop() is True
    assert embedded.stop() is False
    assert embedded.status() is None
    assert flow.server().pid != before


def test_the_working_directorys_files_are_not_the_gateways(flow: Flow, tmp_path: Path) -> None:
    for name in ("queue.py", "uvicorn.py", "flowkit_gateway.py"):
        (tmp_path / name).write_text("raise SystemExit('imported from the working directory')")
    assert flow.server().embedded


def test_a_start_that_fails_says_why(flow: Flow, tmp_path: Path) -> None:
    database = tmp_path / "home" / "gateway" / "flowkit.db"
    database.parent.mkdir(parents=True)
    database.write_text("not a database, and longer than its header " * 100)
    with pytest.raises(GatewayStartError, match=r"(?s)could not be started: .*database") as caught:
        flow.server()
    assert str(database.parent / "gateway.log") in str(caught.value.hint)
    database.unlink()
    assert flow.server().embedded


def test_a_home_that_cannot_be_used_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path / "file"))
    unusable = pytest.raises(GatewayStartError, match=r"cannot use .*file/gateway: Not a dir")
    with Flow() as flow, unusable:
        flow.server()


def test_a_gateway_that_is_not_installed_says_how(tmp_path: Path) -> None:
    program = (
        "import importlib.util as u; real = u.find_spec;"
        "u.find_spec = lambda name, *a: None if name == 'uvicorn' else real(name, *a);"
        "from flowkit import Flow; Flow().server()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "FLOWKIT_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "the gateway is not installed: uvicorn missing" in done.stderr
    assert "pip install 'flowkit-gpu[gateway]'" in done.stderr


def test_a_gateway_with_keys_of_its_operator_is_not_taken_for_the_embedded_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWKIT_HOME", str(tmp_path))
    keys = tmp_path / "keys"
    keys.write_text("0123456789abcdef0123456789abcdef\n")
    keys.chmod(0o600)
    command = [
        sys.executable,
        "-m",
        "flowkit_gateway",
        "serve",
        "--data-dir",
        f"{tmp_path}/gateway",
    ]
    server = subprocess.Popen(
        [*command, "--api-key-file", str(keys), "--port", "0"], stderr=subprocess.DEVNULL
    )
    try:
        eventually(lambda: embedded.status() is not None)
        with Flow() as flow, pytest.raises(GatewayStartError, match="keys of its operator"):
            flow.server()
    finally:
        server.terminate()
        server.wait(30)
