"""Where a wrong command line runs, and what it left there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.campaigns.bad_input.rows import Row

_TIMEOUT = 20.0
_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")


class Outcome(NamedTuple):
    """What came of a command."""

    code: int
    """-1 when it did not end."""
    stdout: str
    stderr: str


def outcome(code: int, stdout: bytes, stderr: bytes) -> Outcome:
    """Return what came of a command, whose output must be text."""
    return Outcome(code, stdout.decode(), stderr.decode())


class Server(NamedTuple):
    """The process in whose forks commands run."""

    process: subprocess.Popen[str]

    def run(self, row: Row, root: Path, gateway: dict[str, str]) -> Outcome:
        """Run a row's command in a directory that is set up for it."""
        root.chmod(0o755)
        out = root.parent / f"{root.name}.out"
        out.mkdir()
        request = {
            "arguments": [_filled(argument, root, gateway) for argument in row.arguments],
            "env": environment(row, root, gateway),
            "cwd": str(root / "work"),
            "stdin": _filled(row.stdin, root, gateway),
            "stdout": row.stdout or str(out / "stdout"),
            "stderr": str(out / "stderr"),
            "cwd_vanishes": row.cwd_vanishes,
            "unprivileged": row.unprivileged,
            "missing": list(row.missing),
            "timeout": _TIMEOUT,
        }
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(request), file=self.process.stdin, flush=True)
        code = json.loads(self.process.stdout.readline())
        stdout = (out / "stdout").read_bytes() if row.stdout is None else b""
        stderr = (out / "stderr").read_bytes()
        return outcome(code, stdout, stderr)


@contextmanager
def command_server() -> Iterator[Server]:
    """Start the process in whose forks commands run."""
    module = "tests.campaigns.bad_input.command_server"
    with subprocess.Popen(
        [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Server(process)
        assert process.stdin is not None
        process.stdin.close()


def set_up(row: Row, root: Path) -> None:
    """Make the directory of a row."""
    for name in ("home", "work"):
        (root / name).mkdir(parents=True, mode=0o755)
    for name, content in row.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o600)
    if row.prepare is not None:
        row.prepare(root)


def inventory(root: Path) -> dict[str, int]:
    """Return everything in a directory, with its size where it is a file."""
    return {
        str(path.relative_to(root)): path.stat().st_size if path.is_file() else -1
        for path in sorted(root.rglob("*"))
    }


def check(row: Row, outcome: Outcome, root: Path, gateway: dict[str, str]) -> None:
    """Assert that an outcome is what the row says, and readable."""
    assert "Traceback" not in outcome.stderr
    lines = outcome.stderr.splitlines()
    assert lines, outcome
    assert lines[0].startswith("flowkit: error: "), outcome
    assert _matches(row.error, lines[0].removeprefix("flowkit: error: "), root, gateway), outcome
    if row.hint is None:
        assert len(lines) == 1, outcome
    else:
        assert len(lines) == 2, outcome
        assert _matches(row.hint, lines[1].removeprefix("hint: "), root, gateway), outcome
    assert outcome.code == row.code, outcome
    assert outcome.stdout == "", outcome


def _matches(wanted: str | re.Pattern[str], line: str, root: Path, gateway: dict[str, str]) -> bool:
    line = line.replace(str(root), "{root}")
    for name, value in gateway.items():
        line = line.replace(value, f"{{{name}}}")
    return line == wanted if isinstance(wanted, str) else bool(wanted.fullmatch(line))


def environment(row: Row, root: Path, gateway: dict[str, str]) -> dict[str, str]:
    """Return the environment of a row's command."""
    home = str(root / "home")
    own: dict[str, str | None] = {"FLOWKIT_HOME": home, "HOME": home}
    if row.served:
        own |= {"FLOWKIT_API_URL": gateway["url"], "FLOWKIT_API_KEY": gateway["key"]}
    own |= row.environment
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        name: _filled(value, root, gateway) for name, value in own.items() if value is not None
    }


def _filled(text: str, root: Path, gateway: dict[str, str]) -> str:
    text = text.replace("{root}", str(root))
    for name, value in gateway.items():
        text = text.replace(f"{{{name}}}", value)
    return text
