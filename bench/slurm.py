"""How much flowkit adds to Slurm: to one task, to its end, and to a sweep, on a private cluster."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from bench.samples import Samples, rounds, samples
from bench.table import Row, Section, Target
from flowkit import Flow, TaskConfig
from flowkit_gateway.discovery import find

ROOT = Path(__file__).resolve().parent.parent
CLUSTER = ROOT / "scripts" / "slurm_cluster.py"
ECHO = ["echo", "hi"]
WORK = ["sleep", "2"]
"""Takes time and no CPU, as cases on other machines do: the nodes of this cluster are one machine,
which starts a supervisor for each case."""
CASES = int(os.environ.get("FLOWKIT_BENCH_CASES", "200"))
"""Of a sweep; a thousand take minutes on two cores, on which Slurm's own daemons run too."""
POLL = 0.1
"""Seconds between two looks of the floor, which is a shell script's loop."""
WITHIN = 60.0


def measure(count: int) -> list[Section]:
    """Measure single tasks `count` times, and sweeps a fifth as often."""
    with tempfile.TemporaryDirectory(prefix="flowkit-slurm-", ignore_cleanup_errors=True) as made:
        home = Path(made)
        started = _cluster("up", home)
        if started.returncode:
            return [Section("Slurm", [Row("Slurm", note=started.stderr.strip())])]
        try:
            os.environ["SLURM_CONF"] = str(home / "cluster" / "slurm.conf")
            with _gateway(home) as flow:
                return [Section("Slurm", _rows(flow, home, count))]
        finally:
            _cluster("down", home)


def _rows(flow: Flow, home: Path, count: int) -> list[Row]:
    one = rounds(
        {
            "flowkit": lambda: flow.wait_for(flow.run(ECHO, code=False)),
            "floor": lambda: _sbatch(home, ECHO),
        },
        count,
    )
    ends = samples([_end_to_return(flow, home) for _ in range(count)])
    few = max(2, count // 5)
    return [
        *_single_rows(one, ends),
        *_sweep_rows(flow, home, ECHO, few),
        *_sweep_rows(flow, home, WORK, few),
    ]


def _sweep_rows(flow: Flow, home: Path, command: list[str], count: int) -> list[Row]:
    task = TaskConfig(command=command, code=False)
    many = rounds(
        {
            "flowkit": lambda: flow.sweep(task, {"N": range(CASES)}).wait(),
            "floor": lambda: _sbatch(home, command, f"--array=0-{CASES - 1}"),
        },
        count,
    )
    what = f"{CASES} × {' '.join(command)}"
    return [
        Row(f"{what} as an array by hand (floor)", "s", many["floor"]),
        Row(
            f"{what} as a sweep",
            "s",
            many["flowkit"],
            ratio=many["flowkit"].ratios(many["floor"]),
            over="array",
            target=Target(1.3, of_ratio=True),
        ),
    ]


def _single_rows(one: dict[str, Samples], ends: Samples) -> list[Row]:
    return [
        Row("echo hi by sbatch, squeue asked over and over (floor)", "s", one["floor"]),
        Row(
            "submit → finished of echo hi",
            "s",
            one["flowkit"],
            ratio=one["flowkit"].ratios(one["floor"]),
            over="sbatch",
            target=Target(1.2, of_ratio=True),
        ),
        Row("Slurm knows of an end → wait_for returns", "s", ends, target=Target(1.0)),
    ]


def _cluster(action: str, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CLUSTER), action, str(home / "cluster")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def _gateway(home: Path) -> Iterator[Flow]:
    """A gateway of the cluster, and a Flow that uses it."""
    command = [sys.executable, "-m", "flowkit_gateway", "serve", "--port", "0", "--engine", "slurm"]
    with open(home / "gateway.log", "w") as log:
        process = subprocess.Popen([*command, "--data-dir", home / "data"], stderr=log)
    try:
        deadline = time.monotonic() + WITHIN
        while (found := find(home / "data")) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((home / "gateway.log").read_text())
            time.sleep(POLL)
        with Flow(api_url=found.url, api_key=found.token) as flow:
            yield flow
    finally:
        process.terminate()
        process.wait()


def _sbatch(home: Path, command: list[str], *options: str) -> None:
    """Do by Slurm's own commands what flowkit is measured at."""
    script = f"#!/bin/sh\n{' '.join(command)}\n"
    output = f"--output={home}/%A-%a.out"
    job = _run("sbatch", "--parsable", output, *options, given=script).strip()
    while _run("squeue", "--noheader", f"--jobs={job}", "--states=PENDING,RUNNING,COMPLETING"):
        time.sleep(POLL)


def _end_to_return(flow: Flow, home: Path) -> float:
    """Seconds from the end of a task's job, as slurmctld logs it, to the return of `wait_for`.

    Below zero when flowkit, which looks at what the node has written, was first.
    """
    task = flow.run(ECHO, code=False)
    flow.wait_for(task)
    returned = time.time()
    listed = _run("squeue", "--noheader", "--states=all", "--format=%i %k").splitlines()
    job = next(line.split()[0] for line in listed if f"/{task.id}/" in line)
    return returned - _known_end(home / "cluster" / "log" / "slurmctld.log", job)


def _known_end(log: Path, job: str) -> float:
    """Return when slurmctld took note of a job's end, which may be after flowkit did."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        said = re.search(rf"^\[(\S+)\] _job_complete: JobId={job} done", log.read_text(), re.M)
        if said is not None:
            return datetime.fromisoformat(said[1]).timestamp()
        time.sleep(POLL)
    raise RuntimeError(f"slurmctld says nothing of the end of job {job}")


def _run(*command: str, given: str = "") -> str:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
