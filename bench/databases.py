"""What keeping the rows in PostgreSQL takes, beside a file: one task, and many at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
from postgres_server import PostgresServer, missing

from bench.samples import rounds
from bench.table import Row, Section
from flowkit_gateway.discovery import find

TASKS = 200
CLIENTS = 8
_START_LIMIT_SECONDS = 60.0
_KEY = "k" * 32


def measure(count: int) -> list[Section]:
    """Measure tasks that take no time, through gateways on both."""
    if absent := missing():
        return [Section("Databases", [Row("PostgreSQL beside a file", note=absent)])]
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flowkit-bench-")))
        # The server's unprivileged user has to get to its own directory in it.
        root.chmod(0o755)
        server = PostgresServer(root / "postgres")
        stack.callback(server.stop)
        server.start()
        clients = {
            "SQLite": stack.enter_context(_gateway(root / "sqlite")),
            "PostgreSQL": stack.enter_context(
                _gateway(root / "postgres-tasks", "--database", server.url())
            ),
        }
        one = rounds({name: partial(_finish, each) for name, each in clients.items()}, count)
        many = rounds({name: partial(_finish_many, each) for name, each in clients.items()}, count)
    return [
        Section(
            "Databases",
            [
                Row("submit → finished, SQLite", "ms", one["SQLite"].scaled(1000)),
                Row(
                    "submit → finished, PostgreSQL",
                    "ms",
                    one["PostgreSQL"].scaled(1000),
                    one["PostgreSQL"].ratios(one["SQLite"]),
                    "SQLite",
                ),
                Row(f"tasks/s, {CLIENTS} clients, SQLite", "/s", many["SQLite"].rates(TASKS)),
                Row(
                    f"tasks/s, {CLIENTS} clients, PostgreSQL",
                    "/s",
                    many["PostgreSQL"].rates(TASKS),
                    many["PostgreSQL"].rates(TASKS).ratios(many["SQLite"].rates(TASKS)),
                    "SQLite",
                ),
            ],
        )
    ]


@contextmanager
def _gateway(data_dir: Path, *options: str) -> Iterator[httpx.Client]:
    """Run a gateway whose tasks end at once, and yield a client of it."""
    keys = data_dir.with_suffix(".keys")
    keys.touch(0o600)
    keys.write_text(f"{_KEY}\n")
    command = [sys.executable, "-m", "flowkit_gateway", "serve", "--port", "0", "--engine", "null"]
    command += ["--null-duration", "0", "--data-dir", str(data_dir), "--api-key-file", str(keys)]
    with data_dir.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([*command, *options], stderr=log, env=dict(os.environ))
    try:
        deadline = time.monotonic() + _START_LIMIT_SECONDS
        while (found := find(data_dir)) is None:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(data_dir.with_suffix(".log").read_text())
            time.sleep(0.02)
        headers = {"Authorization": f"Bearer {_KEY}"}
        with httpx.Client(base_url=found.url, headers=headers, timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


def _finish(client: httpx.Client) -> None:
    task = client.post("/v1/tasks", json={"command": ["true"]}).raise_for_status().json()
    ended = client.get(f"/v1/tasks/{task['id']}:wait").raise_for_status().json()
    if ended["status"] != "completed":
        raise RuntimeError(f"{task['id']} is {ended['status']}")


def _finish_many(client: httpx.Client) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(_finish, client) for _ in range(TASKS)]:
            done.result()
