"""A real embedded gateway behind the real command."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from tests.unit.cli.program import Finished, environment, flowkit


class CommandLine:
    """The `flowkit` command with a home of its own.

    Args:
        home: Its `FLOWKIT_HOME`, where its gateway lives too.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: str | bytes, **settings: Any) -> Finished:
        """Run a command to its end."""
        return flowkit(self.home, *arguments, **settings)

    def start(
        self, *arguments: str, stdout: int | IO[bytes] = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start a command with pipes to its output."""
        return subprocess.Popen(
            [sys.executable, "-m", "flowkit", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=environment(self.home),
            cwd=self.home,
        )

    def submit(self, *arguments: str) -> str:
        """Submit a task and return its id."""
        finished = self("submit", *arguments)
        assert finished.exit_code == 0, finished
        return finished.stdout.decode().strip()

    def end(self) -> None:
        """Leave no process behind."""
        try:
            self("cancel", "--all", "--force")
        finally:
            self("gateway", "stop")


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("flowkit_home")
    yield home
    CommandLine(home).end()


@pytest.fixture
def cli(shared_home: Path) -> CommandLine:
    """The command, with a warm gateway that other tests use too."""
    return CommandLine(shared_home)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[CommandLine]:
    """The command with an empty home, as on the first day."""
    command = CommandLine(tmp_path / "home")
    command.home.mkdir()
    yield command
    command.end()


class Terminal:
    """A command in a pseudo-terminal.

    Args:
        arguments: What follows `flowkit`.
        home: Its `FLOWKIT_HOME`.
        variables: More environment.
    """

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            # setsid makes it the controlling terminal, so that Ctrl-C reaches the process.
            ["setsid", "--ctty", sys.executable, "-m", "flowkit", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(home, TERM="xterm-256color", COLUMNS="160", **variables),
            cwd=home,
        )
        os.close(slave)
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the last process has closed the other end
                return
            if not data:
                return
            self._output.extend(data)

    @property
    def text(self) -> str:
        """What was printed so far."""
        return bytes(self._output).decode("utf-8", "replace")

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def wait(self) -> int:
        """Return the exit code, once the process has ended."""
        code = self._process.wait(timeout=60)
        self._reader.join(timeout=60)
        os.close(self._master)
        return code


@pytest.fixture
def terminal(cli: CommandLine) -> Callable[..., Terminal]:
    """Run a command in a terminal."""
    return lambda *arguments, **variables: Terminal(cli.home, *arguments, **variables)
