"""How soon a line arrives, and how fast many do."""

from __future__ import annotations

import itertools
import subprocess
import tempfile
import time

import httpx

from bench.private_gateway import running_gateway
from bench.samples import Samples, rounds, samples
from bench.table import Row, Section, Target
from flowkit import Flow

LINE_BYTES = 100
LOG_BYTES = 32 * 1024 * 1024
MEGABYTE = 1e6

# Tells the time with each line, by the shell itself: no process is started before it is told.
CLOCK = 'for ((i = 0; i < {lines}; i++)); do echo "$EPOCHREALTIME"; sleep 0.02; done'


def measure(count: int) -> list[Section]:
    """Measure the latency of 10 lines a round and the throughput of one long log."""
    latency, tail = _latency(10 * count)
    with Flow() as flow:
        throughput = _throughput(flow, count)
    return [
        Section(
            "Logs",
            [
                Row("line written → read from tail -f (floor)", "ms", tail.scaled(1000)),
                Row(
                    "line written → yielded by logs(follow=True)",
                    "ms",
                    latency.scaled(1000),
                    ratio=samples([latency.median / tail.median]),
                    over="tail -f",
                    target=Target(5),
                ),
                *throughput,
            ],
        )
    ]


def _latency(lines: int) -> tuple[Samples, Samples]:
    """Latencies of a followed task and of a followed file, one after the other."""
    command = ["bash", "-c", CLOCK.format(lines=lines)]
    with Flow() as flow:
        task = flow.run(command)
        followed = [_age(line) for line in flow.logs(task.id, follow=True)]
    with tempfile.NamedTemporaryFile() as file:
        tail = subprocess.Popen(
            ["tail", "-n", "+1", "-f", file.name], stdout=subprocess.PIPE, text=True
        )
        writer = subprocess.Popen(command, stdout=file)
        if tail.stdout is None:
            raise RuntimeError("tail has no stdout")
        tailed = [_age(line) for line in itertools.islice(tail.stdout, lines)]
        writer.wait()
        tail.terminate()
        tail.wait()
        tail.stdout.close()
    # The first lines are written while the reader is still on its way.
    return samples(followed[5:]), samples(tailed[5:])


def _age(line: str) -> float:
    """Seconds since the time that a line tells."""
    return time.time() - float(line)


def _throughput(flow: Flow, count: int) -> list[Row]:
    """Read one finished log from its start, by the SDK and as bare bytes from the same address."""
    text = "x" * (LINE_BYTES - 1)
    task = flow.run(["bash", "-c", f"yes {text} | head -c {LOG_BYTES}"])
    flow.wait_for(task)
    gateway = running_gateway()
    headers = {"Authorization": f"Bearer {gateway.token}"}

    with httpx.Client(base_url=gateway.url, headers=headers, timeout=60) as bare:

        def iter_raw() -> None:
            with bare.stream("GET", f"/v1/tasks/{task.id}/logs:follow") as answer:
                received = sum(len(part) for part in answer.iter_raw())
            if received < LOG_BYTES:
                raise RuntimeError(f"{received} bytes of {LOG_BYTES} arrived")

        def follow() -> None:
            received = sum(len(line) for line in flow.logs(task.id, follow=True))
            if received < LOG_BYTES * 0.98:
                raise RuntimeError(f"{received} bytes of {LOG_BYTES} arrived")

        measured = rounds({"follow": follow, "raw": iter_raw}, count)
    return [
        Row(
            "httpx iter_raw of a followed log (floor)",
            "MB/s",
            measured["raw"].rates(1).scaled(LOG_BYTES / MEGABYTE),
        ),
        Row(
            f"logs(follow=True), lines of {LINE_BYTES} B",
            "MB/s",
            measured["follow"].rates(1).scaled(LOG_BYTES / MEGABYTE),
            ratio=measured["raw"].ratios(measured["follow"]),
            over="httpx iter_raw",
            target=Target(0.5, at_least=True, of_ratio=True),
        ),
    ]
