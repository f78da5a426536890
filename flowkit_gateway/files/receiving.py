"""Files that arrive: bytes on their way from a connection to a disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import aclosing
from pathlib import Path

from flowkit_gateway.call import ClientGone
from flowkit_gateway.disk import has_room
from flowkit_gateway.files.threads import in_steps
from flowkit_gateway.problems import StorageFull

BATCH_BYTES = 1024 * 1024
_MOST_PARTS = 512
"""As many as the kernel takes at once is 1,024 (`IOV_MAX`)."""

Parts = list[bytes]


class PartialFile:
    """A file that is being written from its start, and the checksum of what it has.

    Its methods block, but for `sha256`: call them on a thread, one at a time.

    Args:
        path: where it is; what an earlier gateway wrote of it counts.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._digest = hashlib.sha256()
        self._digested = 0
        self._descriptor: int | None = None

    def open(self) -> None:
        """Open the file, which is made when there is none, and look how much of it there is."""
        if self._descriptor is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self.path, flags, 0o600)
            self.size = os.fstat(self._descriptor).st_size
            if self.size < self._digested:
                self._digest, self._digested = hashlib.sha256(), 0

    def close(self) -> None:
        """Close the file, which stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def discard(self) -> None:
        """Remove the file, unless it has another name by now."""
        self.close()
        self.path.unlink(missing_ok=True)

    def append(self, parts: Parts) -> None:
        """Write bytes at the end; where that fails, none of them is there.

        Raises:
            StorageFull: the disk has no room for them.
        """
        descriptor = self.descriptor
        if not has_room(self.path.parent):
            raise no_room()
        size = sum(map(len, parts))
        try:
            _write(descriptor, parts, self.size)
        except OSError as error:
            os.ftruncate(descriptor, self.size)
            raise no_room() from error
        if self._digested == self.size:
            for part in parts:
                self._digest.update(part)
            self._digested += size
        self.size += size

    @property
    def descriptor(self) -> int:
        """The descriptor of the file, which is open."""
        if self._descriptor is None:
            raise RuntimeError(f"{self.path} is not open")
        return self._descriptor

    async def sha256(self) -> str:
        """Return the checksum of all that has arrived, in hexadecimal."""
        if self._digested < self.size:
            # An earlier gateway has received some of it.
            await in_steps(self._catch_up())
        return self._digest.hexdigest()

    def _catch_up(self) -> Generator[None, None, bool]:
        while part := os.pread(self.descriptor, BATCH_BYTES, self._digested):
            self._digest.update(part)
            self._digested += len(part)
            yield
        return True


async def receive(
    parts: AsyncGenerator[bytes, None], write: Callable[[Parts], Awaitable[None]]
) -> None:
    """Write a body in batches, each while the next one arrives: memory for two of them is enough.

    Args:
        parts: the body.
        write: writes one batch.

    Raises:
        ClientGone: the client went away; what had arrived was written.
    """
    writing: asyncio.Future[None] | None = None
    batch: Parts = []
    size = 0
    gone: ClientGone | None = None
    try:
        async with aclosing(parts):
            try:
                async for part in parts:
                    batch.append(part)
                    size += len(part)
                    if size >= BATCH_BYTES or len(batch) == _MOST_PARTS:
                        if writing is not None:
                            await asyncio.shield(writing)
                        writing = asyncio.ensure_future(write(batch))
                        batch, size = [], 0
            except ClientGone as error:
                gone = error
        if writing is not None:
            await asyncio.shield(writing)
        if batch:
            writing = asyncio.ensure_future(write(batch))
            await asyncio.shield(writing)
    finally:
        if writing is not None and not writing.done():
            # Cancelled while a thread still writes: the file may be used again only after that.
            await asyncio.wait((writing,))
    if gone is not None:
        raise gone


def no_room() -> StorageFull:
    """Return the error for bytes that the disk does not take."""
    return StorageFull(
        "the gateway's disk has no room for this",
        hint="Free some space; what had arrived of an upload is kept.",
    )


def _write(descriptor: int, parts: Parts, at: int) -> None:
    rest: list[bytes | memoryview] = list(parts)
    while rest:
        written = os.pwritev(descriptor, rest, at)
        at += written
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if written:
            rest[0] = memoryview(rest[0])[written:]
