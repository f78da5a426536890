"""A stream of contents as it arrives: unpacked, checked and written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from flowkit_gateway.problems import ChecksumMismatch, InvalidRequest, MalformedRequest
from flowkit_gateway.snapshots.packs import PackWriter
from flowkit_gateway.store.snapshots import Content

_HASH_BYTES = 32
_HEAD_BYTES = _HASH_BYTES + 8
_UNPACKED_BYTES = 256 * 1024
"""Most bytes that are unpacked at once, whatever the sender claims of them."""
_MOST_WINDOW_BYTES = 8 * 1024 * 1024
"""As much memory as RFC 8878 section 3.1.1.1.2 has every reader support."""


class Receiver:
    """Takes the stream of one upload. `feed` and `sync` block: call them on threads.

    Args:
        pack: where contents are written to.
        wanted: sizes of the snapshot's contents, by SHA-256.
        missing: those that are not there yet. Others are let pass and not kept: they may have come
            from another sender since this one asked.
    """

    def __init__(self, pack: PackWriter, wanted: Mapping[str, int], missing: Iterable[str]) -> None:
        self._pack = pack
        self._wanted = dict(wanted)
        self._missing = frozenset(missing)
        self._head = b""
        self._left = 0
        self._expected = ""
        self._digest = hashlib.sha256()
        self._begin = 0
        self._received: list[Content] = []
        self._mismatched: list[str] = []
        self.unsaved_bytes = 0
        """Bytes of contents that are whole and not taken yet."""
        # Here and not above: a gateway that starts receives nothing yet.
        import zstandard

        self._unreadable = zstandard.ZstdError
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW_BYTES)
        self._stream = decompressor.stream_writer(
            self,  # type: ignore[arg-type]  # it asks for no more than `write`
            write_size=_UNPACKED_BYTES,
            closefd=False,
        )

    def feed(self, data: bytes) -> None:
        """Take a part of the stream.

        Raises:
            MalformedRequest: it is no Zstandard stream.
            InvalidRequest: it has a content that is none of the snapshot's.
            OSError: the disk is full or broken.
        """
        try:
            self._stream.write(data)
        except self._unreadable as error:
            raise MalformedRequest(
                "the body is not a Zstandard stream", hint="Compress it as RFC 8878 has it."
            ) from error

    def take(self) -> list[Content]:
        """Return the contents that have arrived whole since the last call; they need a `sync`."""
        received, self._received = self._received, []
        self.unsaved_bytes = 0
        return received

    def sync(self) -> None:
        """Return once what was taken is on the disk itself; other parts may be fed meanwhile."""
        self._pack.sync()

    def finish(self) -> None:
        """Check that the stream ended where a record does, and that all it had was right.

        Raises:
            MalformedRequest: it broke off.
            ChecksumMismatch: a content was not what its record said.
        """
        if self._left or self._head:
            raise MalformedRequest(
                "the body breaks off within a record", hint="Send what is missing again."
            )
        if self._mismatched:
            raise ChecksumMismatch(
                f"{len(self._mismatched)} contents are not what their hashes say, the first of"
                f" them {self._mismatched[0]}",
                hint="Did a file change while it was sent? Describe the tree anew.",
            )

    def write(self, data: bytes) -> int:
        """Take some of what was unpacked."""
        base = self._pack.position
        self._pack.write(data)
        view, place = memoryview(data), 0
        while place < len(data):
            if not self._left:
                taken = data[place : place + _HEAD_BYTES - len(self._head)]
                self._head += taken
                place += len(taken)
                if len(self._head) < _HEAD_BYTES:
                    break
                self._begin_content(base + place)
            part = view[place : place + self._left]
            self._digest.update(part)
            self._left -= len(part)
            place += len(part)
            if not self._left:
                self._end_content()
        return len(data)

    def _begin_content(self, position: int) -> None:
        self._expected = self._head[:_HASH_BYTES].hex()
        self._left = int.from_bytes(self._head[_HASH_BYTES:], "big")
        self._head = b""
        self._begin = position
        self._digest = hashlib.sha256()
        size = self._wanted.get(self._expected)
        if size is None:
            raise InvalidRequest(
                f"the content {self._expected} is none of the snapshot's, or came before",
                hint="Send each of `missing` once.",
            )
        if size != self._left:
            raise InvalidRequest(
                f"the content {self._expected} is said to have {self._left} bytes, and {size} in"
                " the snapshot"
            )

    def _end_content(self) -> None:
        size = self._wanted.pop(self._expected)
        if self._digest.hexdigest() != self._expected:
            self._mismatched.append(self._expected)
        elif self._expected in self._missing:
            self._received.append(Content(self._expected, self._pack.name, self._begin, size))
            self.unsaved_bytes += size
