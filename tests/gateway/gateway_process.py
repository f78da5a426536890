"""Real gateway processes for tests."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import httpx
import jsonschema_rs
import msgspec

from flowkit_gateway.contract import Contract
from flowkit_gateway.discovery import Announcement, find
from tests.conditions import eventually

# Loading the system's certificates takes longer than most tests.
_TLS = ssl.create_default_context()
PROBLEM = Contract.load().validator({"$ref": "#/components/schemas/Problem"})


class GatewayProcess:
    """A gateway of one data directory; it checks its own answers against the contract.

    Args:
        data_dir: the directory.
        arguments: more of the command line.
        environment: more of the environment.
    """

    def __init__(
        self, data_dir: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.log_file = data_dir.with_name(f"{data_dir.name}-{uuid.uuid4().hex}.log")
        self._arguments = arguments
        self._environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self.announcement: Announcement | None = None

    def start(self) -> GatewayProcess:
        """Start it and wait until it listens."""
        self.spawn()
        self.announcement = eventually(self._announced, within=20)
        return self

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it."""
        command = [sys.executable, "-m", "flowkit_gateway", "serve", "--port", "0"]
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data-dir", self.data_dir, "--check-answers", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        return self.process

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self.announcement is not None
        return self.announcement.url

    @property
    def token(self) -> str:
        """Its key."""
        assert self.announcement is not None
        assert self.announcement.token is not None
        return self.announcement.token

    @property
    def log(self) -> str:
        """What it logged."""
        return self.log_file.read_text()

    def client(self, project: str | None = None, *, key: str | None = None) -> httpx.Client:
        """Return a client that demands of every error what the contract says of errors."""
        headers = {"Authorization": f"Bearer {key or self.token}"}
        if project:
            headers["Flowkit-Project"] = project
        return httpx.Client(
            base_url=self.url,
            headers=headers,
            timeout=20,
            verify=_TLS,
            event_hooks={"response": [check_response]},
        )

    def kill(self) -> None:
        """Kill it as the kernel would, and reap it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def _announced(self) -> Announcement | None:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self.process.returncode}:\n{self.log}")
        found = find(self.data_dir)
        return found if found and found.pid == self.process.pid else None


def check_response(response: httpx.Response) -> None:
    """Fail unless a response has a correlation id and, if it is an error, is a `Problem`."""
    assert response.headers["flowkit-correlation-id"]
    assert response.headers["cache-control"] == "no-store"
    if response.is_error and response.request.method != "HEAD":
        problem = msgspec.json.decode(response.read())
        errors: list[jsonschema_rs.ValidationError] = list(PROBLEM.iter_errors(problem))
        assert not errors, errors
        assert response.headers["content-type"] == "application/problem+json"
        assert problem["status"] == response.status_code
        assert problem["correlation_id"] == response.headers["flowkit-correlation-id"]
