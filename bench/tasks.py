"""How fast commands run as tasks: alone, by the dozen, by the thousand."""

from __future__ import annotations

import subprocess
import time

from bench.peers import measure_peers
from bench.samples import Samples, rounds, samples, seconds_of
from bench.table import Row, Section, Target
from flowkit import Flow, TaskConfig

ECHO = ["echo", "hi"]
MANY = 50
THOUSAND = 1000
INSTANCES = 8


def measure(count: int) -> list[Section]:
    """Measure single tasks, many tasks and the end of a wait; `count` rounds each."""
    with Flow() as flow:
        work = {"flowkit": lambda: _one(flow), "gang": lambda: _gang(flow), "floor": _floor}
        one = rounds(work, 3 * count)
        single = rounds({"each": lambda: _each(flow, MANY), "floor": _floor_many}, count)
        batch = rounds({"batch": lambda: _batch(flow, MANY), "floor": _floor_many}, count)
        thousand = samples([seconds_of(lambda: _each(flow, THOUSAND)) for _ in range(count)])
        exits = samples([_exit_to_return(flow) for _ in range(3 * count)])
    peers = measure_peers(count)

    rows = [
        Row("echo hi by subprocess.run (floor)", "ms", one["floor"].scaled(1000)),
        Row(
            "submit → finished of echo hi",
            "ms",
            one["flowkit"].scaled(1000),
            ratio=one["flowkit"].ratios(one["floor"]),
            over="subprocess.run",
            target=Target(12),
        ),
        Row(
            f"submit → finished of echo hi on {INSTANCES} instances of one machine",
            "ms",
            one["gang"].scaled(1000),
            ratio=one["gang"].ratios(one["flowkit"]),
            over="one task",
        ),
        *_over_psij(one["flowkit"], peers.get("psij")),
        Row("exit → wait_for returns", "ms", exits.scaled(1000), target=Target(10)),
        Row(f"{MANY} by subprocess.run, one by one (floor)", "/s", single["floor"].rates(MANY)),
        Row(
            f"{MANY} submitted one by one, all awaited",
            "/s",
            single["each"].rates(MANY),
            ratio=single["each"].ratios(single["floor"]),
            over="subprocess.run",
            target=Target(200, at_least=True),
        ),
        Row(
            f"{MANY} submitted as one batch, all awaited",
            "/s",
            batch["batch"].rates(MANY),
            ratio=batch["batch"].ratios(batch["floor"]),
            over="subprocess.run",
            target=Target(400, at_least=True),
        ),
        Row(
            f"{THOUSAND} submitted one by one, all awaited",
            "/s",
            thousand.rates(THOUSAND),
            ratio=_per_task(thousand, THOUSAND, single["each"], MANY),
            over=f"time per task of {MANY}",
            target=Target(1.0, of_ratio=True),
        ),
    ]
    return [
        Section("Tasks", rows),
        Section(
            "The same by peers on this machine",
            _peer_rows(peers, single=one["flowkit"], many=single["each"]),
        ),
    ]


def _one(flow: Flow) -> None:
    flow.wait_for(flow.run(ECHO))


def _gang(flow: Flow) -> None:
    flow.submit(TaskConfig(command=ECHO, num_instances=INSTANCES), wait=True)


def _each(flow: Flow, count: int) -> None:
    tasks = [flow.run(ECHO) for _ in range(count)]
    for task in tasks:
        flow.wait_for(task)


def _batch(flow: Flow, count: int) -> None:
    for task in flow.submit_many([TaskConfig(command=ECHO) for _ in range(count)]):
        flow.wait_for(task)


def _floor() -> None:
    subprocess.run(ECHO, capture_output=True, check=True)


def _floor_many() -> None:
    for _ in range(MANY):
        _floor()


def _exit_to_return(flow: Flow) -> float:
    """Seconds from a task's last act, which tells the time, to the return of `wait_for`."""
    task = flow.run(["bash", "-c", "sleep 0.05; printf %s $EPOCHREALTIME"])
    flow.wait_for(task)
    returned = time.time()
    return returned - float(flow.logs(task.id))


def _per_task(many: Samples, many_count: int, few: Samples, few_count: int) -> Samples:
    return many.scaled(1 / many_count).ratios(few.scaled(1 / few_count))


def _over_psij(flowkit: Samples, peer: dict[str, Samples] | str | None) -> list[Row]:
    what = "submit → finished of echo hi, over psij"
    target = Target(2.0, of_ratio=True)
    if not isinstance(peer, dict):
        return [Row(what, target=target, note="psij is not installed: make bench-peers")]
    return [
        Row(
            what,
            "ms",
            flowkit.scaled(1000),
            ratio=samples([flowkit.median / peer["one"].median]),
            over="psij local",
            target=target,
        )
    ]


def _peer_rows(
    peers: dict[str, dict[str, Samples] | str], *, single: Samples, many: Samples
) -> list[Row]:
    rows = []
    for name, measured in peers.items():
        if isinstance(measured, str):
            rows.append(Row(name, note=measured))
            continue
        for what, values in measured.items():
            count, _, how = what.partition(", ")
            one = count == "one"
            label = "submit → finished of echo hi" if one else f"{MANY} tasks"
            rows.append(
                Row(
                    ", ".join(filter(None, [f"{name}: {label}", how])),
                    "ms" if one else "/s",
                    values.scaled(1000) if one else values.rates(MANY),
                    ratio=samples([values.median / (single if one else many).median]),
                    over=f"flowkit's time for {'one' if one else MANY}",
                )
            )
    return rows
