"""Measure flowkit beside its floors and peers in one run, and print one table.

python -m bench.run [--rounds 10] [--only startup,tasks] [--write]
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
from pathlib import Path

from bench.install_peers import REQUIREMENTS, version_of
from bench.private_gateway import private_home
from bench.table import Section, missed, render
from flowkit import __version__

FAMILIES = (
    *("startup", "tasks", "calls", "logs", "files", "code", "gateway", "many_tasks", "databases"),
    "slurm",
)
LEAST_ROUNDS = 10
ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"
LOAD_BEFORE = os.getloadavg()

PREFACE = """\
# Benchmarks

Written by `make bench ARGS=--write`: one run, every row beside its floor or its peers in that run.
A ratio is the median of the ratios of each round, where both sides were measured in one round, and
else the ratio of the medians. A target is a bound that the project has set itself; `MISSED` says
that this run did not keep it. Times are magnitudes of one machine: trust the ratios.

"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="rounds of each row")
    parser.add_argument("--only", default=",".join(FAMILIES), help="families, by comma")
    parser.add_argument("--write", action="store_true", help=f"renew {DOCUMENT.relative_to(ROOT)}")
    arguments = parser.parse_args()
    names = arguments.only.split(",")
    if unknown := sorted(set(names) - set(FAMILIES)):
        parser.error(f"no such family: {', '.join(unknown)}; known: {', '.join(FAMILIES)}")
    if arguments.write and (tuple(names) != FAMILIES or arguments.rounds < LEAST_ROUNDS):
        parser.error(f"--write takes all families with at least {LEAST_ROUNDS} rounds")

    # Servers that tests start are measured too.
    sys.path.append(str(ROOT / "scripts"))
    started = time.monotonic()
    sections: list[Section] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        with private_home():
            sections += importlib.import_module(f"bench.{name}").measure(arguments.rounds)
    text = f"{_circumstances(time.monotonic() - started)}\n{render(sections)}"
    print(text)
    if arguments.write:
        DOCUMENT.write_text(PREFACE + text)
        print(f"wrote {DOCUMENT.relative_to(ROOT)}", file=sys.stderr)
    for row in missed(sections):
        print(f"missed: {row.what}", file=sys.stderr)
    return 0


def _circumstances(seconds: float) -> str:
    """What was measured, where, when and by which command."""
    peers = [f"{name} {version}" for name in REQUIREMENTS if (version := version_of(name))]
    lines = (
        ("flowkit", __version__),
        ("command", " ".join(["python -m bench.run", *sys.argv[1:]])),
        ("date", f"{time.strftime('%Y-%m-%d %H:%M', time.gmtime())} UTC, {seconds:.0f} s"),
        ("machine", f"{_processor()}, {os.cpu_count()} CPUs, {_memory_gb():.0f} GB"),
        ("system", f"{platform.platform()}"),
        ("python", f"{platform.python_version()}"),
        ("load before", " ".join(f"{load:.2f}" for load in LOAD_BEFORE)),
        ("peers", ", ".join(peers) or "none installed"),
    )
    return "".join(f"- {name}: {value}\n" for name, value in lines)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


if __name__ == "__main__":
    sys.exit(main())
