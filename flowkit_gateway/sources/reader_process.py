"""The gateway's end of the process that reads a source."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from flowkit_gateway.engines.local.tree import MARK
from flowkit_gateway.sources.drivers import VARIABLES, SourceError, missing
from flowkit_gateway.sources.source_url import SourceURL

_NETWORK = (
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""Of the gateway's own environment: how its network is, and who is to be trusted there."""


class ReaderProcess:
    """A process that reads one source; killed when it is closed.

    Args:
        url: The source.
        env: Variables to sign in with.
        home: An empty directory, where the libraries look for files with credentials.
    """

    def __init__(self, url: SourceURL, env: Mapping[str, str], home: Path) -> None:
        self._url = url
        self._env = {name: value for name, value in env.items() if name in VARIABLES}
        self._home = home
        self._process: asyncio.subprocess.Process | None = None

    async def open(self, *, fetch: bool) -> dict[str, object]:
        """Start it, and return what it says of the source.

        Args:
            fetch: Whether the source may be fetched; else it is only looked at.

        Raises:
            SourceError: the source cannot be read.
        """
        if lacking := missing(self._url):
            raise lacking
        self._home.mkdir(mode=0o500, parents=True, exist_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-X", "utf8", "-m", "flowkit_gateway.sources.reader"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(f"cannot start a process to read it: {error.strerror}") from error
        return await self._ask({"url": self._url.text, "env": self._env, "fetch": fetch})

    async def fetch(self, into: Path) -> None:
        """Fetch the whole source.

        Raises:
            SourceError: it cannot be had; something may be there of it.
        """
        await self._ask({"into": str(into)})

    async def close(self) -> None:
        """Kill it, whatever it is doing."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.communicate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, request: Mapping[str, object]) -> dict[str, object]:
        assert self._process is not None
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            await stdin.drain()
            answer = json.loads(await stdout.readline())
        except (ConnectionError, ValueError) as error:
            raise SourceError(f"what reads {self._url.shown} ended in the middle of it") from error
        if not isinstance(answer, dict):
            raise SourceError(f"what reads {self._url.shown} answers nonsense")
        if "error" in answer:
            raise SourceError(answer["error"], answer["hint"])
        return answer

    def _environment(self) -> dict[str, str]:
        kept = (*_NETWORK, "PATH", "LD_LIBRARY_PATH", MARK)
        own = {name: os.environ[name] for name in kept if name in os.environ}
        return {**own, "HOME": str(self._home), "AWS_EC2_METADATA_DISABLED": "true"}
