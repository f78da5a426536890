"""Logs and events through cuts: every byte, every line and every event once, in order."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pytest

from flowkit import Flow
from tests.campaigns.form import seed, sized
from tests.campaigns.network import faults, talker
from tests.campaigns.network.conftest import StartProxy, flow_of, in_background
from tests.campaigns.network.fault_proxy import Exchange, Fault, Plan, Request
from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess

T = TypeVar("T")

LOG_BYTES = sized(short=5_000_000, full=100_000_000)
CUTS = sized(short=40, full=200)
PIECE = 2 * talker.PIECE_BYTES
EVENTS = sized(short=100, full=1000)

pytestmark = [
    pytest.mark.usefixtures("bare_home"),
    pytest.mark.timeout(sized(short=120, full=900)),
]


class Cuts:
    """A plan that cuts streams so many times, wherever it falls.

    Args:
        count: How many cuts.
        size: About how many bytes there are to pass on in all.
        largest: Most bytes of an event: none would ever arrive if all cuts came before its end.
    """

    def __init__(self, count: int, size: int, largest: int) -> None:
        self.left = count
        self._chance = random.Random(seed())
        self._largest = largest
        self._longest = max(largest, 2 * size // count - largest)

    def __call__(self, request: Request) -> Fault:
        if "follow" not in request.target or not self.left:
            return faults.passed
        self.left -= 1
        kinds = [
            faults.cut(self._length),
            faults.cut(self._length, orderly=True),
            faults.cut_within("訓".encode(), 1),
            faults.cut_within("🚀".encode(), 3),
            faults.cut_within(b"\nid: ", 5),
            faults.cut_within(b"\n\n", 1),
            faults.reset_before,
            faults.status(502),
        ]
        return self._chance.choices(kinds, (10, 10, 1, 1, 1, 1, 1, 1))[0]

    def _length(self) -> int:
        return self._chance.randint(self._largest, self._longest)


class Meanwhile:
    """A plan that cuts a stream at once, and keeps its resumption waiting for what is done in a
    `with` statement."""

    def __init__(self) -> None:
        self._resumed = threading.Event()
        self._done = threading.Event()
        self._streams = 0

    def __call__(self, request: Request) -> Fault:
        if "follow" not in request.target:
            return faults.passed
        self._streams += 1
        return [faults.opened, self._held][min(self._streams, 2) - 1]

    async def _held(self, exchange: Exchange) -> None:
        self._resumed.set()
        await asyncio.to_thread(self._done.wait, 60)
        await exchange.relay()

    def __enter__(self) -> None:
        assert self._resumed.wait(20)

    def __exit__(self, *_: object) -> None:
        self._done.set()


@pytest.fixture(scope="module")
def talked(local_gateway: GatewayProcess) -> str:
    """The id of a task that has said everything."""
    with Flow(local_gateway.url, local_gateway.token, "talker") as flow:
        command = [sys.executable, "-I", str(Path(talker.__file__)), str(seed()), str(LOG_BYTES)]
        task = flow.run(command, code=False).wait(timeout=300)
        assert task.exit_code == 0, task.logs()
        return str(task.id)


Scene = Callable[[Plan], Any]


@pytest.fixture
def through_cuts(
    kind: str, local_gateway: GatewayProcess, start_proxy: StartProxy, runner: asyncio.Runner
) -> Scene:
    """Give flows of the talker's project, through a proxy with a plan."""

    def start(plan: Plan) -> Any:
        proxy = start_proxy(local_gateway, plan)
        return flow_of(kind, runner, proxy.url, local_gateway.token, "talker")

    return start


def test_a_log_arrives_byte_for_byte(through_cuts: Scene, talked: str) -> None:
    cuts = Cuts(CUTS, LOG_BYTES, PIECE)
    flow = through_cuts(cuts)
    got: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream, data in flow.tasks.log_chunks(talked, follow=True):
        got[stream].append(data)
    flow.close()
    assert {name: b"".join(parts) for name, parts in got.items()} == talker.written(
        seed(), LOG_BYTES
    )
    assert cuts.left == 0


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_one_stream_arrives_byte_for_byte(through_cuts: Scene, talked: str, stream: str) -> None:
    wanted = talker.written(seed(), LOG_BYTES)[stream]
    cuts = Cuts(CUTS // 2, len(wanted), 400_000)
    flow = through_cuts(cuts)
    chunks = flow.tasks.log_chunks(talked, follow=True, stream=stream)
    assert b"".join(data for _, data in chunks) == wanted
    flow.close()


def test_lines_arrive_whole(through_cuts: Scene, talked: str) -> None:
    flow = through_cuts(Cuts(CUTS // 2, LOG_BYTES // 2, 400_000))
    lines = list(flow.logs(talked, follow=True, stream="stdout"))
    flow.close()
    wanted = talker.written(seed(), LOG_BYTES)["stdout"]
    assert lines == [line.decode("utf-8", "replace") for line in _lines(wanted)]


def test_a_log_that_is_still_written_arrives_byte_for_byte(
    through_cuts: Scene, local_gateway: GatewayProcess
) -> None:
    size = LOG_BYTES // 5
    cuts = Cuts(CUTS // 2, size, PIECE)
    flow = through_cuts(cuts)
    task = flow.run(
        [sys.executable, "-I", str(Path(talker.__file__)), str(seed()), str(size)], code=False
    )
    got: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream, data in flow.tasks.log_chunks(task.id, follow=True):
        got[stream].append(data)
    flow.close()
    assert {name: b"".join(parts) for name, parts in got.items()} == talker.written(seed(), size)


def test_a_log_read_in_pages_arrives_byte_for_byte(through_cuts: Scene, talked: str) -> None:
    flow = through_cuts(
        faults.random_faults(
            seed(), 0.2, [faults.reset_after, faults.truncated, faults.twice, faults.dribbled_fast]
        )
    )
    got: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream, data in flow.tasks.log_chunks(talked):
        got[stream].append(data)
    flow.close()
    assert {name: b"".join(parts) for name, parts in got.items()} == talker.written(
        seed(), LOG_BYTES
    )


def test_what_is_written_during_a_cut_is_not_passed_over(
    kind: str,
    local_gateway: GatewayProcess,
    start_proxy: StartProxy,
    runner: asyncio.Runner,
    project: str,
    tmp_path: Path,
) -> None:
    meanwhile = Meanwhile()
    proxy = start_proxy(local_gateway, meanwhile)
    with Flow(local_gateway.url, local_gateway.token, project) as direct:
        task = direct.run(
            f"echo old; while [ ! -e {tmp_path}/go ]; do sleep 0.01; done; seq 100", code=False
        )
        eventually(lambda: "old" in task.logs())
        flow = flow_of(kind, runner, proxy.url, local_gateway.token, project)
        following = in_background(lambda: list(flow.logs(task.id, follow=True, tail=0)))
        with meanwhile:
            (tmp_path / "go").touch()
            task.wait()
        assert following.result(20) == [str(number) for number in range(1, 101)]
        flow.close()


def test_what_happens_during_a_cut_is_not_passed_over(
    kind: str,
    null_gateway: GatewayProcess,
    start_proxy: StartProxy,
    runner: asyncio.Runner,
    project: str,
) -> None:
    meanwhile = Meanwhile()
    proxy = start_proxy(null_gateway, meanwhile)
    with Flow(null_gateway.url, null_gateway.token, project) as direct:
        direct.run("true", code=False).wait()
        flow = flow_of(kind, runner, proxy.url, null_gateway.token, project)
        following = in_background(lambda: list(islice(flow.events(follow=True), 4)))
        with meanwhile:
            first = direct.run("true", code=False).wait()
        second = direct.run("true", code=False).wait()
        seen = [(event.task_id, event.type) for event in following.result(20)]
        wanted = [
            (event.task_id, event.type)
            for task in (first, second)
            for event in direct.events(task, follow=True)
        ]
        assert seen == wanted[:4]
        flow.close()


def test_every_event_arrives_once_and_in_order(
    kind: str,
    null_gateway: GatewayProcess,
    start_proxy: StartProxy,
    runner: asyncio.Runner,
    project: str,
) -> None:
    with Flow(null_gateway.url, null_gateway.token, project) as direct:
        tasks = direct.submit_many(["true"] * EVENTS)
        for task in tasks:
            task.wait()
        wanted = [event.number for event in direct.events()][::-1]
        proxy = start_proxy(null_gateway, Cuts(CUTS, 170 * len(wanted), 400))
        flow = flow_of(kind, runner, proxy.url, null_gateway.token, project)
        seen = [event.number for event in islice(flow.events(follow=True, after=0), len(wanted))]
        flow.close()
    assert len(wanted) >= 3 * EVENTS
    assert seen == wanted
    assert proxy.count("GET /v1/events:follow") > CUTS / 4


def _lines(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]
