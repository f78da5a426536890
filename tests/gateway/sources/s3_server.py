"""A real S3 server on this machine, and a way to cut the line to it."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Self

import boto3

from tests.conditions import eventually

REGION = "us-east-1"


class S3Server:
    """A moto server, which checks who signs in.

    Args:
        url: Where it listens.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        where = {"endpoint_url": url, "region_name": REGION}
        iam = boto3.client(
            "iam", aws_access_key_id="nobody", aws_secret_access_key="nothing", **where
        )
        iam.create_user(UserName="reader")
        key = iam.create_access_key(UserName="reader")["AccessKey"]
        self.key, self.secret = key["AccessKeyId"], key["SecretAccessKey"]
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="reader", PolicyName="all", PolicyDocument=policy)
        self._check_who_signs_in()
        self.objects = boto3.client(
            "s3", aws_access_key_id=self.key, aws_secret_access_key=self.secret, **where
        )

    @property
    def env(self) -> dict[str, str]:
        """What a task signs in with."""
        return {
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
        }

    def make_bucket(self, name: str, content: Mapping[str, bytes]) -> None:
        """Make a bucket with these objects."""
        self.objects.create_bucket(Bucket=name)
        for key, body in content.items():
            self.put(name, key, body)

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object."""
        self.objects.put_object(Bucket=bucket, Key=key, Body=body)

    def _check_who_signs_in(self) -> None:
        request = urllib.request.Request(
            f"{self.url}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()


@contextmanager
def s3_server(log: Path) -> Iterator[S3Server]:
    """Run a server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=output,
            stderr=output,
            # Somebody has to make the first user.
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "1000000"},
        )
    try:
        eventually(lambda: _listens(port), within=60)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Line:
    """A TCP line to a server that ends each answer after some bytes, as long as it is cut.

    Args:
        port: Where the server listens.
        cut_after: Bytes of answers after which a connection is ended.
        cuts: How many connections are ended so.
    """

    def __init__(self, port: int, cut_after: int, cuts: int) -> None:
        self._port = port
        self._cut_after = cut_after
        self.cuts = cuts
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Self]:
        """Listen."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        there = asyncio.create_task(self._copy(reader, far_writer))
        try:
            await self._copy(far_reader, writer, self._cut_after)
        finally:
            there.cancel()
            far_writer.close()
            writer.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None = None
    ) -> None:
        passed = 0
        try:
            while data := await reader.read(65536):
                passed += len(data)
                if most is not None and passed > most and self.cuts > 0:
                    self.cuts -= 1
                    writer.transport.abort()
                    return
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            # Each end may go first.
            return
