"""Time `echo hi` through a local HyperQueue cluster; prints seconds as JSON."""

from __future__ import annotations

import json
import sys
import time

from hyperqueue import Client, Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def run(client: Client, count: int) -> float:
    job = Job()
    for _ in range(count):
        job.program(["echo", "hi"])
    started = time.perf_counter()
    client.wait_for_jobs([client.submit(job)])
    return time.perf_counter() - started


rounds = int(sys.argv[1])
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    run(client, 1)
    one = [run(client, 1) for _ in range(rounds)]
    fifty = [run(client, 50) for _ in range(rounds)]
print(json.dumps({"one": one, "fifty, one job": fifty}))
