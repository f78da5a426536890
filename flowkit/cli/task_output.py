"""A task's own output, byte for byte."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable

from flowkit.cli import output


def write_output(chunks: Iterable[tuple[str, bytes]], *, stdout: int = output.STDOUT) -> None:
    """Write a task's stdout to stdout and its stderr to stderr, each chunk as it comes.

    Args:
        chunks: Streams with some bytes of each.
        stdout: Where the task's stdout goes instead.

    Raises:
        BrokenPipeError: The reader is gone.
    """
    for stream, data in chunks:
        output.write(output.STDERR if stream == "stderr" else stdout, data)


def write_json_lines(chunks: Iterable[tuple[str, bytes]]) -> None:
    """Write each chunk to stdout as a JSON object in a line of its own.

    Args:
        chunks: Streams with some bytes of each.
    """
    for stream, data in chunks:
        try:
            line = {"stream": stream, "text": data.decode("utf-8")}
        except UnicodeDecodeError:
            line = {"stream": stream, "base64": b64encode(data).decode("ascii")}
        output.result_json_line(line)
