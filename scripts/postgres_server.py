"""A real PostgreSQL server in one private directory, without systemd.

Everything is in the directory, sockets too; several servers live side by side. PostgreSQL refuses
to run as root: there, it runs as the user `postgres` of Debian's package, or as `nobody`.

Sources: initdb(1), postgres(1).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PASSWORD = "a password"  # of a server that only this machine reaches, and only while a test runs
_UP_WITHIN = 30.0


def programs() -> Path | None:
    """Return the directory of the newest PostgreSQL's programs; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=_version)
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).parent if program and shutil.which("initdb") else None


def missing() -> str | None:
    """Say that no PostgreSQL is installed; None when one is."""
    return None if programs() else "PostgreSQL is not installed (apt-get install postgresql)"


def _version(program: Path) -> int:
    return int(program.parent.parent.name)


class PostgresServer:
    """A server; the first `start` fills its directory.

    Args:
        directory: of its own, below directories that every user may enter.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._user = _unprivileged_user()

    def url(self, database: str = "postgres", *, password: str = PASSWORD) -> str:
        """Return how a database is reached."""
        shown = password.replace(" ", "%20")
        return f"postgresql://flowkit:{shown}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        if not self.directory.joinpath("data").exists():
            self._make()
        # What a test kills are processes, not the kernel: nothing has to reach the disk itself.
        options = [
            "-c",
            "fsync=off",
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_connections=200",
        ]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                [
                    *(str(self._program("postgres")), "-D", str(self.directory / "data")),
                    *("-p", str(self.port), "-k", str(self.directory), *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                start_new_session=True,
            )
        deadline = time.monotonic() + _UP_WITHIN
        while self.sql("SELECT 1", check=False).returncode != 0:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.directory / "log").read_text())
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it: with SIGINT in order, with SIGQUIT as after a crash."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        self.process = None

    def create_database(self, name: str, *, options: str = "") -> str:
        """Create an empty database and return its URL."""
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        return self.url(name)

    def create_schema(self, name: str) -> str:
        """Create an empty schema, which takes less time than a database, and return its URL."""
        self.sql(f"CREATE SCHEMA {name}")
        return f"{self.url()}?options=-csearch_path%3D{name}"

    def sql(
        self, statement: str, database: str = "postgres", *, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a statement as the server's owner."""
        command = [str(self._program("psql")), "-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "flowkit"]
        return subprocess.run(
            [*command, "-h", str(self.directory), "-p", str(self.port), "-c", statement, database],
            check=check,
            capture_output=True,
            text=True,
        )

    def _make(self) -> None:
        self.directory.mkdir(mode=0o755, exist_ok=True)
        password = self.directory / "password"
        password.write_text(f"{PASSWORD}\n")
        if self._user is not None:
            shutil.chown(self.directory, self._user)
        command = [str(self._program("initdb")), "-D", str(self.directory / "data"), "--no-sync"]
        options = ["-U", "flowkit", "-E", "UTF8", "--locale=C", "--auth-local=trust"]
        done = subprocess.run(
            [*command, *options, "--auth-host=scram-sha-256", f"--pwfile={password}"],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            user=self._user,
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def _program(self, name: str) -> Path:
        directory = programs()
        if directory is None:
            raise RuntimeError(missing())
        own = directory / name
        return own if own.exists() else Path(name)


def _unprivileged_user() -> str | None:
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return "nobody"


def _free_port() -> int:
    """Return a port that no connection gets by itself while the server is down between two starts.

    Linux takes those from 32768 on (ip_local_port_range in ip(7)).
    """
    for _ in range(100):
        port = random.randint(20_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free between 20000 and 32000")
