"""Time `echo hi` through parsl's warm HighThroughputExecutor; prints seconds as JSON."""

from __future__ import annotations

import json
import sys
import time

import parsl
from parsl import bash_app
from parsl.config import Config
from parsl.executors import HighThroughputExecutor
from parsl.providers import LocalProvider

WORKERS = 2


@bash_app  # type: ignore[untyped-decorator]  # parsl has no types
def echo() -> str:
    return "echo hi"


def run(count: int) -> float:
    started = time.perf_counter()
    futures = [echo() for _ in range(count)]
    for future in futures:
        future.result()
    return time.perf_counter() - started


if __name__ == "__main__":
    rounds = int(sys.argv[1])
    executor = HighThroughputExecutor(
        label="local",
        address="127.0.0.1",
        max_workers_per_node=WORKERS,
        provider=LocalProvider(init_blocks=1, max_blocks=1),
    )
    with parsl.load(Config(executors=[executor], usage_tracking=0)):
        run(2 * WORKERS)
        measured = {
            "one, warm": [run(1) for _ in range(3 * rounds)],
            "fifty, warm": [run(50) for _ in range(rounds)],
        }
    print(json.dumps(measured))
