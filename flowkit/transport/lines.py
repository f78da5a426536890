"""Lines of a byte stream."""

from __future__ import annotations


class LineSplitter:
    r"""Cuts chunks of bytes into lines at `\n`, and nowhere else.

    `bytes.splitlines` also cuts at `\r`, which progress bars use within a line, and text that
    was decoded first would be cut at `\x0b`, `\x85` or `\u2028` as well.

    Example:
        >>> splitter = LineSplitter()
        >>> splitter.feed(b"loss 0.5\n 50%\r 6")
        [b'loss 0.5']
        >>> splitter.feed(b"0%\n")
        [b' 50%\r 60%']
        >>> splitter.flush()
        []
    """

    def __init__(self) -> None:
        self._unfinished: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that `chunk` completes, without their ends."""
        lines = self.take(chunk)
        return [] if lines is None else lines.split(b"\n")

    def take(self, chunk: bytes) -> bytes | None:
        """Return the lines that `chunk` completes as one piece, without the last end.

        None says that it completes none, and `b""` that it completes an empty one.
        """
        end = chunk.rfind(b"\n")
        if end < 0:
            self._unfinished.append(chunk)
            return None
        lines = b"".join([*self._unfinished, memoryview(chunk)[:end]])
        self._unfinished = [chunk[end + 1 :]]
        return lines

    def flush(self) -> list[bytes]:
        """Return what follows the last line end, if anything does."""
        last = b"".join(self._unfinished)
        self._unfinished = []
        return [last] if last else []
