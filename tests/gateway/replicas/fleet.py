"""Several gateways on one database and one directory."""

from __future__ import annotations

import re
import ssl
from pathlib import Path

import httpx

from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess, check_response

LEASE = 2.0
"""Seconds for which the tasks of a gateway that is gone wait for it."""

_TLS = ssl.create_default_context()
_KEY = "k" * 40
_ADDRESS = re.compile(r"standing by at (\S+)")
_TERM = re.compile(r"this gateway has the tasks(?:, in term (\d+)| no more)")
_START_WITHIN = 60.0


class Fleet:
    """Gateways that take over from each other.

    Args:
        folder: of their own.
        url: their database.
        size: how many they are.
        arguments: more of their command lines.
    """

    def __init__(self, folder: Path, url: str, size: int, *arguments: str) -> None:
        keys = folder / "keys"
        keys.write_text(f"{_KEY}\n")
        keys.chmod(0o600)
        options = ("--database", url, "--lease", str(LEASE), "--api-key-file", str(keys))
        self.gateways = [GatewayProcess(folder / "data", *options, *arguments) for _ in range(size)]

    def start(self) -> Fleet:
        """Start them, and wait until each serves and one has the tasks."""
        for gateway in self.gateways:
            gateway.spawn()
        for number in range(len(self.gateways)):
            self._wait_for(number)
        self.holder()
        return self

    def start_again(self, number: int) -> None:
        """Start one anew that has ended, and wait until it serves."""
        gateway = self.gateways[number]
        gateway.log_file.unlink()
        gateway.spawn()
        self._wait_for(number)

    def kill(self) -> None:
        """Kill them all."""
        for gateway in self.gateways:
            gateway.kill()

    def address(self, number: int) -> str:
        """Return where one of them serves."""
        found = _ADDRESS.search(self.gateways[number].log)
        assert found, self.gateways[number].log
        return f"http://{found.group(1)}"

    def client(self, number: int) -> httpx.Client:
        """Return a client of one of them."""
        return httpx.Client(
            base_url=self.address(number),
            headers={"Authorization": f"Bearer {_KEY}"},
            timeout=20,
            verify=_TLS,
            event_hooks={"response": [check_response]},
        )

    def holder(self, *, but: int | None = None) -> int:
        """Return which one has the tasks, once that is one of those that run.

        Args:
            but: not this one: it had them, and is gone.
        """
        return eventually(lambda: self._newest(but), within=_START_WITHIN, every=0.02) - 1

    def _newest(self, but: int | None) -> int:
        """Return the place, from 1, of the gateway with the newest term; 0 when it has ended."""
        terms = [_TERM.findall(gateway.log) for gateway in self.gateways]
        newest = max(
            (int(term), place)
            for place, found in enumerate(terms)
            for term in ["0", *filter(None, found)]
        )[1]
        if newest == but or not terms[newest] or not terms[newest][-1]:
            return 0
        return newest + 1

    def _wait_for(self, number: int) -> None:
        gateway = self.gateways[number]

        def serves() -> bool:
            assert gateway.process is not None
            assert gateway.process.poll() is None, gateway.log
            return _ADDRESS.search(gateway.log) is not None

        eventually(serves, within=_START_WITHIN)
