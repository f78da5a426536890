"""Time `echo hi` through psij's local executor; prints seconds as JSON."""

from __future__ import annotations

import json
import sys
import time

from psij import Job, JobExecutor, JobSpec

executor = JobExecutor.get_instance("local")


def run(count: int) -> float:
    started = time.perf_counter()
    jobs = [
        Job(JobSpec(executable="/bin/echo", arguments=["hi"], stdout_path="out"))
        for _ in range(count)
    ]
    for job in jobs:
        executor.submit(job)
    for job in jobs:
        job.wait()
    return time.perf_counter() - started


rounds = int(sys.argv[1])
run(1)
one = [run(1) for _ in range(3 * rounds)]
fifty = [run(50) for _ in range(rounds)]
print(json.dumps({"one": one, "fifty": fifty}))
