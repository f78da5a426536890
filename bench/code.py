"""How fast a source tree reaches a gateway, and how soon a task runs with it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.counted_line import CountedLine, counted_line
from bench.private_gateway import shared_gateway
from bench.samples import Samples, samples, seconds_of
from bench.source_trees import FILES, TREE_BYTES, write_tree
from bench.table import Row, Section, Target
from flowkit import Flow

COMMAND = ["sh", "-c", "echo *"]
"""Prints what there is, which is `*` where there is nothing."""
STARTS = 2
SETTLE_SECONDS = 2.5
"""What was written just now is read again: it may change within one tick of the disk's clock."""
PAUSE_SECONDS = 3.0
"""Between one task of a person and the next."""
TAR = "tar -C {source} -c . | zstd -q | tar -C {target} -x --zstd"

Values = dict[str, list[float]]


def measure(count: int) -> list[Section]:
    """Send new trees, and the same ones again; what they are compared with runs in each round."""
    values: Values = {}
    with (
        shared_gateway() as gateway,
        counted_line(gateway.url) as line,
        Flow(api_url=gateway.url, api_key=gateway.token) as flow,
        Flow(api_url=line.url, api_key=gateway.token) as counted,
        tempfile.TemporaryDirectory(prefix="flowkit-bench-code-") as made,
    ):
        # A round writes two trees and several copies of each: a third of the rounds is enough.
        # One uncounted round goes first.
        for number in range(1 + max(3, count // 3)):
            folder = Path(made) / str(number)
            measured = _round(flow, counted, line, folder, number)
            shutil.rmtree(folder)
            for name, value in measured.items() if number else ():
                values.setdefault(name, []).append(value)
    return [Section("Code", _rows({name: samples(each) for name, each in values.items()}))]


def _round(
    flow: Flow, counted: Flow, line: CountedLine, folder: Path, number: int
) -> dict[str, float]:
    sent, started = folder / "sent", folder / "started"
    for tree in (sent, started):
        write_tree(tree, f"{tree.name} {number}")
    time.sleep(SETTLE_SECONDS)
    actions: list[tuple[str, Callable[[], object]]] = [
        ("tar", lambda: _tar(sent, folder / "tar")),
        ("sent", lambda: flow.snapshots.create(sent)),
        ("started", lambda: _start(flow, started)),
    ]
    if shutil.which("rsync"):
        actions.append(("rsync", lambda: _rsync(sent, folder / "rsync")))
    turned = number % len(actions)
    measured = {name: seconds_of(action) for name, action in (*actions[turned:], *actions[:turned])}
    time.sleep(PAUSE_SECONDS)
    measured["again"] = seconds_of(lambda: flow.snapshots.create(sent))
    _change(sent)
    measured["changed"] = seconds_of(lambda: flow.snapshots.create(sent))
    before = line.bytes_sent
    _change(sent)
    counted.snapshots.create(sent)
    measured["share"] = (line.bytes_sent - before) / TREE_BYTES * 100
    _change(started)
    time.sleep(PAUSE_SECONDS)
    measured["edited"] = seconds_of(lambda: _start(flow, started))
    measured["start"] = _later(flow, started)
    return measured


def _later(flow: Flow, tree: Path) -> float:
    """Return how many seconds later a task starts for its code."""
    later = []
    for _ in range(STARTS):
        time.sleep(PAUSE_SECONDS)
        with_code = seconds_of(lambda: _start(flow, tree))
        later.append(with_code - seconds_of(lambda: _start(flow, None)))
    return samples(later).median


def _rows(values: dict[str, Samples]) -> list[Row]:
    tar, rsync = values["tar"], values.get("rsync")
    sent, started = values["sent"], values["started"]
    what = f"{FILES:,} files, {TREE_BYTES / 1e6:.0f} MB"
    over_tar = Target(1.5, of_ratio=True)
    rows = [
        Row(f"{what}: tar -c to zstd to tar -x (floor)", "ms", tar.scaled(1000)),
        Row(
            f"{what}, sent for the first time",
            "ms",
            sent.scaled(1000),
            ratio=sent.ratios(tar),
            over="tar",
            target=over_tar,
        ),
        Row(
            f"{what}, the first time → first output of a task with them",
            "ms",
            started.scaled(1000),
            ratio=started.ratios(tar),
            over="tar",
        ),
    ]
    if rsync is None:
        rows.append(Row(f"{what}: rsync -a (compare)", note="rsync is not installed"))
    else:
        rows += [
            Row(f"{what}: rsync -a (compare)", "ms", rsync.scaled(1000)),
            Row(
                f"{what}, sent for the first time, over rsync",
                "ms",
                sent.scaled(1000),
                ratio=sent.ratios(rsync),
                over="rsync -a",
                target=Target(1.0, of_ratio=True),
            ),
        ]
    return [
        *rows,
        Row(
            "the same tree again, unchanged", "ms", values["again"].scaled(1000), target=Target(500)
        ),
        Row("one file changed", "ms", values["changed"].scaled(1000), target=Target(600)),
        Row("one file changed, bytes sent", "% of all", values["share"], target=Target(1)),
        Row("one file changed → first output of a task", "ms", values["edited"].scaled(1000)),
        Row(
            "task start with a cached snapshot, less one without code",
            "ms",
            values["start"].scaled(1000),
            target=Target(500),
        ),
    ]


def _start(flow: Flow, code: Path | None) -> None:
    """Run a task until its first output; its end is not waited for."""
    _demand_output(next(flow.run(COMMAND, code=code or False).logs(follow=True)), code)


def _demand_output(line: str, code: Path | None) -> None:
    expected = "*" if code is None else " ".join(sorted(path.name for path in code.iterdir()))
    if line != expected:
        raise RuntimeError(f"a task found {line}, not {expected}")


def _change(tree: Path) -> None:
    file = next(tree.rglob("*.py"))
    file.write_text(f"{file.read_text()}# changed\n")


def _tar(source: Path, target: Path) -> None:
    target.mkdir()
    subprocess.run(["sh", "-c", TAR.format(source=source, target=target)], check=True)


def _rsync(source: Path, target: Path) -> None:
    subprocess.run(["rsync", "-a", f"{source}/", f"{target}/"], check=True)
