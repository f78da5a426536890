"""What the gateway itself takes: memory and CPU when idle, CPU of a request."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from bench.private_gateway import Gateway, forget_home, running_gateway
from bench.samples import samples
from bench.table import Row, Section, Target
from flowkit import Flow

REQUESTS = 2000
CONNECTIONS = 8
IDLE_SECONDS = 5.0
SETTLE_SECONDS = 2.0
MEBIBYTE = 1024 * 1024
START_LIMIT_SECONDS = 15.0

PLAN = {
    "command": ["python", "train.py", "--epochs", "10"],
    "name": "train",
    "gpu": ["a100:2"],
    "env": {"SEED": "1", "OMP_NUM_THREADS": "1"},
    "labels": {"sweep": "bench"},
    "max_run_time": 600,
    "priority": 5,
}


def measure(count: int) -> list[Section]:
    """Measure an idle gateway, then requests to it and to the floor in turn."""
    return [Section("Gateway", [*_idle(count), *_requests(count)])]


def _idle(count: int) -> list[Row]:
    forget_home()
    with Flow() as flow:
        flow.wait_for(flow.run(["true"]))
    gateway = psutil.Process(running_gateway().pid)
    time.sleep(SETTLE_SECONDS)
    family = [gateway, *gateway.children(recursive=True)]
    own = [gateway.memory_info().rss / MEBIBYTE for _ in range(count)]
    shares = []
    for _ in range(count):
        before = sum(map(_cpu_seconds, family))
        time.sleep(IDLE_SECONDS / count)
        shares.append((sum(map(_cpu_seconds, family)) - before) / (IDLE_SECONDS / count) * 100)
    every = [
        sum(process.memory_full_info().pss for process in family) / MEBIBYTE for _ in range(count)
    ]
    return [
        Row("idle gateway, RSS of its process", "MiB", samples(own), target=Target(60)),
        Row(
            f"idle gateway, PSS of its {len(family)} processes",
            "MiB",
            samples(every),
            target=Target(60),
        ),
        Row("idle gateway, CPU of its processes", "%", samples(shares), target=Target(0.1)),
    ]


def _requests(count: int) -> list[Row]:
    gateway = running_gateway()
    with Flow() as flow:
        task = flow.run(["echo", "hi"], name="train", gpu="a100:2", labels={"sweep": "bench"})
        flow.wait_for(task)
    path = f"/v1/tasks/{task.id}"
    headers = {"Authorization": f"Bearer {gateway.token}"}
    with httpx.Client(base_url=gateway.url, headers=headers) as client:
        documents = {
            "get": client.get(path).raise_for_status().json(),
            "post": client.post("/v1/tasks:plan", json=PLAN).raise_for_status().json(),
        }
    rows = []
    with _floor(documents) as floor:
        for method, target, body in (("GET", path, None), ("POST", "/v1/tasks:plan", PLAN)):
            ours, bare = [], []
            for number in range(count + 1):
                measured = (
                    _cpu_of_requests(gateway, method, target, body),
                    _cpu_of_requests(floor, method, target, body),
                )
                if number:
                    ours.append(measured[0])
                    bare.append(measured[1])
            what = "GET of a task" if method == "GET" else "POST of a plan, validated"
            rows += [
                Row(f"bare Starlette, {what.split(',')[0]} (floor)", "µs CPU", samples(bare)),
                Row(
                    f"gateway, {what}",
                    "µs CPU",
                    samples(ours),
                    ratio=samples(ours).ratios(samples(bare)),
                    over="bare Starlette",
                    target=Target(1.5, of_ratio=True),
                ),
            ]
    return rows


@contextmanager
def _floor(documents: dict[str, object]) -> Iterator[Gateway]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(documents, file)
        file.flush()
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.floor_server", str(port), file.name]
        )
        try:
            wait_for_port(port, process)
            yield Gateway(url=f"http://127.0.0.1:{port}", token="none", pid=process.pid)
        finally:
            process.terminate()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError("the floor server does not listen")


def _cpu_of_requests(server: Gateway, method: str, path: str, body: object) -> float:
    """CPU of one request in microseconds, as the server's process is charged for it."""
    content = b"" if body is None else json.dumps(body).encode()
    request = (
        f"{method} {path} HTTP/1.1\r\n"
        f"Host: {httpx.URL(server.url).netloc.decode()}\r\n"
        f"Authorization: Bearer {server.token}\r\n"
        f"Accept: application/json\r\n"
        + (f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n" if body else "")
        + "\r\n"
    ).encode() + content
    process = psutil.Process(server.pid)
    url = httpx.URL(server.url)
    with ExitStack() as stack:
        # A server that is never idle handles several requests each time it wakes.
        connections = [
            stack.enter_context(socket.create_connection((url.host, url.port or 80)))
            for _ in range(CONNECTIONS)
        ]
        before = _cpu_seconds(process)
        for _ in range(REQUESTS // CONNECTIONS):
            for connection in connections:
                connection.sendall(request)
            for connection in connections:
                _read_success(connection)
        return (_cpu_seconds(process) - before) / REQUESTS * 1e6


def _read_success(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _some(connection)
    head, _, rest = received.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"not a success: {received!r}")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(rest) < length:
        rest += _some(connection)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data


def _cpu_seconds(process: psutil.Process) -> float:
    """CPU time of all threads; Linux counts it in nanoseconds here, in ticks elsewhere."""
    threads = Path(f"/proc/{process.pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
