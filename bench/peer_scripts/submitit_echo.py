"""Time `echo hi` through submitit's local executor; prints seconds as JSON.

Its own `result()` looks once a second; polled hard, every 2 ms, it shows what the rest takes.
"""

from __future__ import annotations

import json
import sys
import time

import submitit

executor = submitit.LocalExecutor(folder="log")
echo = submitit.helpers.CommandFunction(["echo", "hi"], verbose=False)


def run(count: int, *, poll_hard: bool) -> float:
    started = time.perf_counter()
    jobs = [executor.submit(echo) for _ in range(count)]
    for job in jobs:
        while poll_hard and not job.done(force_check=True):
            time.sleep(0.002)
        job.result()
    return time.perf_counter() - started


rounds = int(sys.argv[1])
run(1, poll_hard=True)
print(
    json.dumps(
        {
            "one": [run(1, poll_hard=False) for _ in range(rounds)],
            "one, polled hard": [run(1, poll_hard=True) for _ in range(rounds)],
            "fifty, polled hard": [run(50, poll_hard=True) for _ in range(rounds)],
        }
    )
)
