"""A home with an embedded gateway under attack, and what of it is left on the machine."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from flowkit import embedded
from flowkit_gateway.engines.local import procfs
from tests.conditions import eventually
from tests.isolated_home import BIN

PYTHON = BIN / "python"


class House:
    """A home of flowkit whose processes can be told from all others.

    Args:
        directory: The home; it need not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.home = directory
        self.home.mkdir(mode=0o700, exist_ok=True)
        self.data_dir = directory / "gateway"
        kept = {name: value for name, value in os.environ.items() if name[:8] != "FLOWKIT_"}
        # Spawners and supervisors keep nothing else of their gateway's environment.
        self._mark = f"LD_LIBRARY_PATH={directory}/none"
        self.environment = {
            **kept,
            "FLOWKIT_HOME": str(directory),
            "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
            "LD_LIBRARY_PATH": f"{directory}/none",
        }

    def python(self, *arguments: str | Path, **variables: str) -> subprocess.Popen[bytes]:
        """Start a Python of this home."""
        return subprocess.Popen(
            [PYTHON, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**self.environment, **variables},
            cwd=self.home,
        )

    def flowkit(
        self, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command line in this home."""
        return subprocess.run(
            [BIN / "flowkit", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env={**self.environment, **(variables or {})},
            cwd=self.home,
            timeout=90,
            check=False,
        )

    def processes(self) -> list[procfs.Process]:
        """List every process of this home that runs: gateways, spawners, supervisors, tasks."""
        tasks = self.data_dir / "tasks"
        ids = os.listdir(tasks) if tasks.exists() else []
        marks = {self._mark.encode(), *(f"FLOWKIT_TASK_ID={each}".encode() for each in ids)}
        found = procfs.marked(lambda environment: not marks.isdisjoint(environment.split(b"\0")))
        return [each for each in found if each.state not in "ZX"]

    def gateways(self) -> list[procfs.Process]:
        """List the gateways, also those that do not listen yet or any more."""
        return [each for each in self.processes() if self._serves(each.pid)]

    def spawners(self) -> list[procfs.Process]:
        """List the spawners: children of gateways. Supervisors look the same otherwise."""
        gateways = {each.pid for each in self.gateways()}
        return [each for each in self._forks() if each.parent in gateways]

    def supervisors(self) -> list[procfs.Process]:
        """List the supervisors, whoever their parent is by now."""
        spawners = {each.pid for each in self.spawners()}
        return [each for each in self._forks() if each.pid not in spawners]

    def kill_gateways(self) -> int:
        """Kill every gateway; return how many there were."""
        return procfs.end(self.gateways(), (signal.SIGKILL,))

    def start(self) -> embedded.Record:
        """Start the gateway, or return the one that runs, as a client in this home does."""
        started = self.flowkit("gateway", "start")
        assert started.returncode == 0, started
        record = embedded.status(self.data_dir)
        assert record is not None
        return record

    def end(self) -> None:
        """Kill whatever is left."""
        eventually(lambda: not procfs.end(self.processes(), (signal.SIGKILL,)), within=20)

    def assert_deserted(self) -> None:
        """Demand that no process of this home is left."""
        eventually(lambda: not self.processes(), within=10)

    def _serves(self, pid: int) -> bool:
        line = command_line(pid)
        return b"flowkit_gateway" in line and b"serve" in line

    def _forks(self) -> list[procfs.Process]:
        found = self.processes()
        return [each for each in found if any(b"spawner.py" in x for x in command_line(each.pid))]


def command_line(pid: int) -> Sequence[bytes]:
    """Return the words with which a process was started; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ()


def descriptors(pid: int) -> dict[int, str]:
    """Return what a process has open."""
    found = {}
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            found[int(entry.name)] = os.readlink(entry.path)
        except FileNotFoundError:
            continue
    return found
