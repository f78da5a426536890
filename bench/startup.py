"""How long it takes until flowkit has done the first thing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.install_peers import command_of
from bench.private_gateway import FLOWKIT, forget_home, running_gateway
from bench.samples import rounds, samples, seconds_of
from bench.table import Row, Section, Target

# The command lines of peers that need a cloud or a server to do more than start.
PEER_COMMANDS = {
    "modal": "modal",
    "dstack": "dstack",
    "skypilot": "sky",
    "flow-compute": "flow",
}


def measure(count: int) -> list[Section]:
    """Measure imports, the command line and the first run; `count` rounds each."""
    return [
        Section("Start", [*_imports(count), *_command_line(count), _first_run(count)]),
        Section("Start of other command lines", _peers(count)),
    ]


def _imports(count: int) -> list[Row]:
    measured = rounds(
        {
            "bare": _python("pass"),
            "flowkit": _python("import flowkit"),
            "httpx": _python("import httpx"),
        },
        2 * count,
    )
    bare = measured["bare"].scaled(1000)
    modules = subprocess.run(
        [sys.executable, "-c", "import flowkit, sys; print('httpx' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    return [
        Row("bare Python (floor)", "ms", bare),
        Row(
            "import flowkit, less bare Python",
            "ms",
            measured["flowkit"].scaled(1000).minus(bare),
            target=Target(15),
            note={"False": "httpx is not imported", "True": "httpx IS imported"}[modules],
        ),
        Row(
            "import httpx, less bare Python (compare)",
            "ms",
            measured["httpx"].scaled(1000).minus(bare),
        ),
    ]


def _command_line(count: int) -> list[Row]:
    running_gateway()
    targets = {"--version": 50.0, "--help": 100.0, "ps -o json": 150.0}
    actions = {words: _command([FLOWKIT, *words.split()]) for words in targets}
    measured = rounds({"bare": _python("pass"), **actions}, 2 * count)
    return [
        Row(
            f"flowkit {words}{' (warm gateway)' if words.startswith('ps') else ''}",
            "ms",
            measured[words].scaled(1000),
            ratio=measured[words].ratios(measured["bare"]),
            over="bare Python",
            target=Target(bound),
        )
        for words, bound in targets.items()
    ]


def _first_run(count: int) -> Row:
    seconds = []
    for _ in range(count):
        forget_home()
        seconds.append(seconds_of(_command([FLOWKIT, "run", "--", "true"])))
    return Row(
        "first flowkit run -- true, no gateway, empty home",
        "s",
        samples(seconds),
        target=Target(0.6),
    )


def _peers(count: int) -> list[Row]:
    rows = []
    for peer, command in PEER_COMMANDS.items():
        path = command_of(peer, command)
        for option in ("--version", "--help"):
            what = f"{command} {option} ({peer})"
            if path is None:
                rows.append(Row(what, note="not installed: make bench-peers"))
                continue
            measured = rounds(
                {"peer": _command([path, option]), "flowkit": _command([FLOWKIT, option])}, count
            )
            rows.append(
                Row(
                    what,
                    "ms",
                    measured["peer"].scaled(1000),
                    ratio=measured["peer"].ratios(measured["flowkit"]),
                    over=f"flowkit {option}",
                )
            )
    return rows


def _python(code: str) -> Callable[[], object]:
    return _command([sys.executable, "-c", code])


def _command(words: Sequence[str | Path]) -> Callable[[], object]:
    def run() -> None:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{words} ended with {done.returncode}: {done.stderr.decode()}")

    return run
