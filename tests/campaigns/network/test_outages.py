"""Gateways that die, come back, stall or never answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from flowkit import APIConnectionError, Flow, WaitTimeout
from tests.campaigns.form import sized
from tests.campaigns.network import faults
from tests.campaigns.network.conftest import StartProxy, flow_of, in_background
from tests.campaigns.network.fault_proxy import script
from tests.conditions import eventually
from tests.gateway.conftest import StartGateway
from tests.gateway.gateway_process import GatewayProcess
from tests.isolated_home import FLOWKIT

RESTARTS = sized(short=1, full=5)
CUTS = sized(short=3, full=9)
KEY = "key-of-a-gateway-that-comes-back-0123456789"

pytestmark = pytest.mark.usefixtures("bare_home")


class Phoenix:
    """A gateway that comes back at its address.

    Args:
        start: Starts gateways.
        directory: For its keys.
    """

    def __init__(self, start: StartGateway, directory: Path) -> None:
        keys = directory / "keys"
        keys.write_text(f"{KEY}\n")
        keys.chmod(0o600)
        with socket.create_server(("127.0.0.1", 0)) as found:
            port = found.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self._arguments = ["--api-key-file", str(keys), "--port", str(port)]
        self._start = start
        self._gateway = start(*self._arguments, engine="local")

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process of now."""
        assert self._gateway.process is not None
        return self._gateway.process

    def connections(self) -> list[object]:
        """List what clients have open to it."""
        open_now = psutil.Process(self.process.pid).net_connections("tcp")
        return [each for each in open_now if each.status == psutil.CONN_ESTABLISHED]

    def die_and_come_back(self, number: signal.Signals) -> None:
        """End the process by a signal, and start another one."""
        self.process.send_signal(number)
        self.process.wait(20)
        self._gateway = self._start(*self._arguments, engine="local")


@pytest.fixture
def phoenix(start_gateway: StartGateway, tmp_path: Path) -> Phoenix:
    """A gateway that comes back."""
    return Phoenix(start_gateway, tmp_path)


@pytest.fixture
def dead() -> Iterator[str]:
    """The address of a port that nothing listens on."""
    # Bound, so that nothing else can come to be there.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_wait_goes_on_through_cuts(
    kind: str,
    holding_gateway: GatewayProcess,
    project: str,
    start_proxy: StartProxy,
    runner: asyncio.Runner,
) -> None:
    cuts = [faults.opened, faults.reset_before, faults.status(502)] * (CUTS // 3)
    proxy = start_proxy(holding_gateway, script(cuts, faults.passed))
    flow = flow_of(kind, runner, proxy.url, holding_gateway.token, project)
    with Flow(holding_gateway.url, holding_gateway.token, project) as direct:
        task = direct.run("true", code=False)
        waiting = in_background(lambda: str(flow.wait_for(task.id).status))
        eventually(lambda: len(proxy.requests) > CUTS, within=60)
        direct.cancel(task)
        assert waiting.result(20) == "cancelled"
    flow.close()
    assert len(proxy.requests) == CUTS + 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_waits_and_streams_live_through_a_restart(
    kind: str,
    phoenix: Phoenix,
    new_runner: Callable[[], asyncio.Runner],
    number: signal.Signals,
    tmp_path: Path,
) -> None:
    with Flow(phoenix.url, KEY) as direct:
        command = f"echo begun; while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; echo ended"
        task_id = direct.run(command, code=False).id
    flows = [flow_of(kind, new_runner(), phoenix.url, KEY, "default") for _ in range(4)]
    waiting, briefly, following, listening = flows
    lines: list[str] = []
    happened: list[str] = []
    calls: list[Future[Any]] = [
        in_background(lambda: waiting.wait_for(task_id).exit_code),
        in_background(lambda: briefly.wait_for(task_id, timeout=60).exit_code),
        in_background(lambda: lines.extend(following.logs(task_id, follow=True))),
        in_background(
            lambda: happened.extend(e.type for e in listening.events(task_id, follow=True))
        ),
    ]
    for _ in range(RESTARTS):
        # All of them are under way.
        eventually(lambda: lines and happened and len(phoenix.connections()) >= 4, within=30)
        phoenix.die_and_come_back(number)
    (tmp_path / "go").touch()
    assert [call.result(60) for call in calls] == [0, 0, None, None]
    assert lines == ["begun", "ended"]
    with Flow(phoenix.url, KEY) as direct:
        assert happened == [event.type for event in direct.events(task_id)][::-1]
    for flow in flows:
        flow.close()


def test_a_wait_ends_in_time_though_the_gateway_has_stopped_moving(
    kind: str, phoenix: Phoenix, runner: asyncio.Runner, tmp_path: Path
) -> None:
    flow = flow_of(kind, runner, phoenix.url, KEY, "default")
    task = flow.run(f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done", code=False)
    phoenix.process.send_signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(WaitTimeout) as caught:
            flow.wait_for(task, timeout=1)
        assert 1.0 <= time.monotonic() - started < 4.0
        assert getattr(caught.value.task, "id", None) == task.id
    finally:
        phoenix.process.send_signal(signal.SIGCONT)
    (tmp_path / "go").touch()
    assert flow.wait_for(task).status == "completed"
    flow.close()


@pytest.mark.parametrize("call", ["get_task", "wait_for", "cancel", "status"])
def test_a_dead_gateway_is_an_error_soon(
    kind: str, dead: str, runner: asyncio.Runner, call: str
) -> None:
    flow = flow_of(kind, runner, dead, KEY, "default")
    started = time.monotonic()
    with pytest.raises(APIConnectionError, match="Connection refused"):
        getattr(flow, call)("task_01m7xxaadq1jm0y5eh30dz59y3")
    assert time.monotonic() - started < 3.0
    flow.close()


@pytest.mark.parametrize("call", ["logs", "events"])
def test_following_a_dead_gateway_is_an_error_soon(
    kind: str, dead: str, runner: asyncio.Runner, call: str
) -> None:
    flow = flow_of(kind, runner, dead, KEY, "default")
    started = time.monotonic()
    with pytest.raises(APIConnectionError, match="Connection refused"):
        list(getattr(flow, call)("task_01m7xxaadq1jm0y5eh30dz59y3", follow=True))
    assert time.monotonic() - started < 3.0
    flow.close()


def test_a_silent_gateway_is_an_error_in_time(
    kind: str, silent: str, runner: asyncio.Runner
) -> None:
    flow = flow_of(kind, runner, silent, KEY, "default", timeout=0.3)
    started = time.monotonic()
    with pytest.raises(APIConnectionError, match="did not answer in time"):
        flow.list_tasks()
    assert 0.9 <= time.monotonic() - started < 4.0
    flow.close()


@pytest.mark.parametrize(
    "words",
    [
        ["ps"],
        ["submit", "true"],
        ["run", "true"],
        ["status", "task_01m7xxaadq1jm0y5eh30dz59y3"],
        ["wait", "task_01m7xxaadq1jm0y5eh30dz59y3"],
        ["logs", "-f", "task_01m7xxaadq1jm0y5eh30dz59y3"],
        ["events", "-f"],
    ],
    ids=" ".join,
)
def test_the_command_line_says_that_nothing_answers(dead: str, words: Sequence[str]) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [FLOWKIT, *words],
        env={**os.environ, "FLOWKIT_API_URL": dead, "FLOWKIT_API_KEY": KEY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (5, "")
    assert "Connection refused" in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert time.monotonic() - started < 15.0


def test_an_outage_without_end_is_an_error(
    kind: str, null_gateway: GatewayProcess, start_proxy: StartProxy, runner: asyncio.Runner
) -> None:
    proxy = start_proxy(null_gateway, script([faults.opened], faults.reset_before))
    flow = flow_of(kind, runner, proxy.url, null_gateway.token, "default", longest_outage=1.0)
    started = time.monotonic()
    with pytest.raises(APIConnectionError):
        next(iter(flow.events(follow=True)))
    assert 1.0 <= time.monotonic() - started < 8.0
    assert 3 < len(proxy.requests) < 12
    flow.close()


def test_a_closed_flow_ends_what_waits_for_an_outage_to_end(
    null_gateway: GatewayProcess, start_proxy: StartProxy
) -> None:
    proxy = start_proxy(null_gateway, script([faults.opened], faults.reset_before))
    flow = Flow(proxy.url, null_gateway.token)
    refused = threading.Event()

    def follow() -> None:
        with pytest.raises(Exception, match="closed"):
            next(iter(flow.events(follow=True)))
        refused.set()

    in_background(follow)
    eventually(lambda: len(proxy.requests) >= 3)
    flow.close()
    assert refused.wait(10)
