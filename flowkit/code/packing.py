"""Contents of files on their way to a gateway: one Zstandard stream of records.

A record is the SHA-256 of a content (32 bytes), its length (8 bytes, big-endian) and the content
(operation `upload_snapshot_objects` of the contract).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flowkit.code.tree import unreadable
from flowkit.snapshot_manifest import Entry

_LEVEL = 1
"""The fastest of zstd's that compresses source code well; the line or the disk is what waits."""
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_SMALL = 1024 * 1024
_BATCH = 512 * 1024
_NOTHING = b"\0" * 65536


class Pack:
    """The stream of some files' contents, read from the disk while it is sent.

    Args:
        top: The tree.
        files: What to send, one file of each content.
        contents: What is in memory of it already, by SHA-256; the rest is read from the disk.
    """

    def __init__(
        self, top: Path, files: Sequence[Entry], contents: Mapping[str, bytes] | None = None
    ) -> None:
        self._top = os.fspath(top)
        self._files = files
        self._contents = contents or {}
        self.changed: list[str] = []
        """Files that are not any more what their entries say; their contents are not sent, or are
        sent as what the gateway will refuse."""
        self.bytes_sent = 0

    def parts(self) -> Iterator[bytes]:
        """Yield the stream; it can be had once.

        Raises:
            InvalidTaskConfig: a file cannot be read.
        """
        import zstandard

        compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        batch: list[bytes] = []
        size = 0
        for part in self._records():
            batch.append(part)
            size += len(part)
            if size >= _BATCH:
                yield from self._counted(compressor.compress(b"".join(batch)))
                batch, size = [], 0
        yield from self._counted(compressor.compress(b"".join(batch)) + compressor.flush())

    def _counted(self, part: bytes) -> Iterator[bytes]:
        if part:
            self.bytes_sent += len(part)
            yield part

    def _records(self) -> Iterator[bytes]:
        for file in self._files:
            if (content := self._contents.get(file.sha256)) is not None:
                yield _head(file)
                yield content
                continue
            try:
                descriptor = os.open(f"{self._top}/{file.path}", _FLAGS)
            except OSError as error:
                if isinstance(error, FileNotFoundError):
                    self.changed.append(file.path)
                    continue
                raise unreadable(file.path, error) from error
            try:
                if file.size_bytes <= _SMALL:
                    yield from self._small(descriptor, file)
                elif os.fstat(descriptor).st_size != file.size_bytes:
                    self.changed.append(file.path)
                else:
                    yield from self._large(descriptor, file)
            except OSError as error:
                raise unreadable(file.path, error) from error
            finally:
                os.close(descriptor)

    def _small(self, descriptor: int, file: Entry) -> Iterator[bytes]:
        content = os.read(descriptor, file.size_bytes + 1)
        if hashlib.sha256(content).hexdigest() == file.sha256:
            yield _head(file)
            yield content
        else:
            self.changed.append(file.path)

    def _large(self, descriptor: int, file: Entry) -> Iterator[bytes]:
        """Yield a record that is not read before it is sent; its length has to be kept."""
        yield _head(file)
        digest = hashlib.sha256()
        left = file.size_bytes
        while left and (part := os.read(descriptor, min(_SMALL, left))):
            digest.update(part)
            left -= len(part)
            yield part
        if left or digest.hexdigest() != file.sha256:
            self.changed.append(file.path)
        while left:
            part = _NOTHING[:left]
            left -= len(part)
            yield part


def _head(file: Entry) -> bytes:
    return bytes.fromhex(file.sha256) + file.size_bytes.to_bytes(8, "big")
