"""Output that is hard to keep: without lines, without end, without text."""

from __future__ import annotations

import hashlib
import logging
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit import Flow, Task
from tests.campaigns.crash.house import House
from tests.campaigns.form import sized
from tests.conditions import eventually

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
DEFAULT_LIMIT = 1024 * MEGABYTE
LIMIT = sized(short=64 * MEGABYTE, full=DEFAULT_LIMIT)


@pytest.fixture
def flow(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flow]:
    """A client of the house in this process."""
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    with Flow() as flow:
        yield flow


LINE = b"x" * (10 * MEGABYTE)
OUTPUTS = {
    "nothing": b"",
    "one byte": b"x",
    "no newline at the end": b"one\ntwo",
    "every byte": bytes(range(256)) * 4099,
    "zeros": bytes(MEGABYTE),
    "half of a character": "né".encode()[:2],
    "characters cut by every chunk": "€".encode() * 700_001,
    "a progress bar": b"".join(b"\r%3d %%" % percent for percent in range(101)),
    "carriage returns and newlines": b"a\r\nb\rc\n\r\n\n",
    "lines of 10 MB": LINE + b"\n" + LINE + b"\nshort\n" + LINE,
    "a million lines": b"".join(b"%d\n" % number for number in range(1_000_000)),
}


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS.keys())
def test_output_arrives_as_it_was_written(house: House, flow: Flow, output: bytes) -> None:
    source = house.home / "output"
    source.write_bytes(output)
    task = flow.submit(f"cat {source}; cat {source} >&2", cpus=0.1)

    followed = streams(flow, task, follow=True)
    task.wait(timeout=60)
    read = streams(flow, task, follow=False)
    printed = house.flowkit("logs", "--tail", "10000000", task.id)

    assert printed.returncode == 0
    for found in (*followed.values(), *read.values(), printed.stdout, printed.stderr):
        assert digest(found) == digest(output)
    last = output.rpartition(b"\n")[2] or output.removesuffix(b"\n").rpartition(b"\n")[2] + b"\n"
    tail = b"".join(data for _, data in flow.tasks.log_chunks(task, stream="stdout", tail=1))
    assert digest(tail) == digest(last if output else b"")
    assert (task.output_bytes, task.output_dropped_bytes) == (2 * len(output), None)


def streams(flow: Flow, task: Task, *, follow: bool) -> dict[str, bytes]:
    parts: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for stream, data in flow.tasks.log_chunks(task, follow=follow):
        parts[stream].append(data)
    return {stream: b"".join(pieces) for stream, pieces in parts.items()}


def digest(data: bytes) -> tuple[int, str]:
    """Return what tells two outputs apart, in place of megabytes in a failure's message."""
    return len(data), hashlib.sha256(data).hexdigest()


class Calls:
    """Short calls that are made all the time, and how long each of them took."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._call)
        self.seconds: list[float] = []

    def __enter__(self) -> Calls:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _call(self) -> None:
        while not self._over.wait(0.01):
            began = time.perf_counter()
            list(self._flow.tasks.list(limit=1))
            self.seconds.append(time.perf_counter() - began)


def resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


@pytest.mark.timeout(600)
def test_a_gigabyte_of_output_is_bounded_by_the_limit(house: House, flow: Flow) -> None:
    """The limit is told in the log, in the task and by `flowkit status`; the gateway stays calm."""
    house.data_dir.mkdir(mode=0o700)
    arguments: list[str | Path] = [
        "-m",
        "flowkit_gateway",
        "serve",
        "--embedded",
        "--data-dir",
        house.data_dir,
    ]
    if LIMIT != DEFAULT_LIMIT:
        arguments += ["--max-output-bytes", str(LIMIT)]
    with house.python(*arguments) as gateway:
        eventually((house.data_dir / "gateway.json").exists, within=30)
        for _ in range(20):
            flow.submit("echo warm", cpus=0.1, wait=True).logs()
        before = resident(gateway.pid)
        printed = LIMIT + LIMIT // 4

        with Calls(flow) as calls:
            task = flow.submit(f"head -c {printed} /dev/zero; echo the end >&2; exit 9", cpus=0.1)
            with house.python("-c", FOLLOW, task.id) as follower:
                peak = before
                while follower.poll() is None:
                    peak = max(peak, resident(gateway.pid))
                    time.sleep(0.05)  # between two looks; nothing is waited for
                followed = int(follower.stdout.read()) if follower.stdout else 0
            task.wait(timeout=60)

        grown = (peak - before) / MEGABYTE
        p99 = statistics.quantiles(calls.seconds, n=100)[98] * 1000
        log.info("%d MiB printed; gateway grew by %.1f MiB", printed // MEGABYTE, grown)
        log.info("%d other calls: p99 %.1f ms", len(calls.seconds), p99)
        notice = f"flowkit: output limit of {LIMIT} bytes reached; the rest is discarded\n"
        assert (task.exit_code, task.output_dropped_bytes) == (
            9,
            printed - LIMIT + len("the end\n"),
        )
        assert flow.tasks.logs(task, stream="stderr") == notice
        assert followed == LIMIT + len(notice) == task.output_bytes
        status = house.flowkit("status", task.id).stdout.decode().split("\n")
        [line] = [line for line in status if line.startswith("output lost")]
        assert f"{task.output_dropped_bytes} bytes" in line
        assert grown < 32
        assert p99 < 250
        gateway.terminate()
        gateway.communicate(timeout=20)


FOLLOW = """
import sys
from flowkit import Flow
with Flow() as flow:
    print(sum(len(data) for _, data in flow.tasks.log_chunks(sys.argv[1], follow=True)))
"""
