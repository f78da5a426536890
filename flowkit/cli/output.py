"""Results on stdout, everything else on stderr; nothing of others reaches a terminal unescaped."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence

STDOUT = 1
STDERR = 2

# Controls, C1 controls, line separators and directional overrides: what could move the cursor,
# start an escape sequence, forge a line or reorder text. Lone surrogates cannot be encoded.
_UNSAFE = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
# JSON escapes the controls below 0x20 itself; a newline between its tokens is layout.
_UNSAFE_IN_JSON = "[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"


class OutputError(Exception):
    """Stdout or stderr does not take what was written to it."""

    def __init__(self, fd: int, cause: OSError) -> None:
        super().__init__(f"cannot write to {'stdout' if fd == STDOUT else 'stderr'}")
        self.cause = cause


def write(fd: int, data: bytes) -> None:
    """Write bytes as they are, all of them, at once.

    Raises:
        BrokenPipeError: The reader is gone.
        OutputError: The bytes cannot be written, as on a full disk.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(fd, rest) :]
        except BlockingIOError:
            # A terminal or pipe that another process has made non-blocking.
            _wait_until_writable(fd)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(fd, error) from error


def _wait_until_writable(fd: int) -> None:
    import select

    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    poll.poll()


def result(text: str) -> None:
    """Write lines of text to stdout."""
    write(STDOUT, _encode(f"{text}\n"))


def notice(text: str) -> None:
    """Write one line about what is going on to stderr; a reader that has gone is no error."""
    try:
        write(STDERR, _encode(f"flowkit: {text}\n"))
    except (BrokenPipeError, OutputError):
        # There is nowhere left to say it, and the work itself is not affected.
        return


def result_json(value: object) -> None:
    """Write a JSON document to stdout: a model, or lists and dicts of them."""
    import msgspec
    from flowkit_api import codec

    write(STDOUT, safe_json(msgspec.json.format(codec.encode(value), indent=2)) + b"\n")


def result_json_line(value: object) -> None:
    """Write a JSON document to stdout in one line, for a stream of them."""
    from flowkit_api import codec

    write(STDOUT, safe_json(codec.encode(value)) + b"\n")


def safe_json(document: bytes) -> bytes:
    """Return the same JSON with the characters escaped that a terminal would act on."""
    text = document.decode("utf-8")
    return re.sub(_UNSAFE_IN_JSON, lambda match: f"\\u{ord(match[0]):04x}", text).encode("utf-8")


def escape(text: str) -> str:
    r"""Return text with every character escaped that a terminal would act on.

    Example:
        >>> print(escape("a\x1b[31mb\n"))
        a\x1b[31mb\n
    """
    return re.sub(f"[{_UNSAFE}]", lambda match: repr(match[0])[1:-1], text)


def shorten(text: str, width: int) -> str:
    """Return text cut to a width, with an ellipsis where it was cut."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _encode(text: str) -> bytes:
    return text.encode(sys.stdout.encoding if sys.stdout else "utf-8", "backslashreplace")


def on_terminal() -> bool:
    """Whether results go to a person's terminal."""
    return os.isatty(STDOUT)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Write a table to stdout: drawn on a terminal, plain aligned columns elsewhere.

    Args:
        columns: The head of each column.
        rows: Cells as text; heads and cells are escaped here, and an empty cell becomes `-`.
        empty: What to say on stderr when there are no rows.
    """
    if not rows:
        notice(empty)
        return
    safe = [[escape(cell) or "-" for cell in row] for row in rows]
    heads = [escape(column) for column in columns]
    if on_terminal():
        from flowkit.cli.tables import draw

        draw(heads, safe)
        return
    lines = [heads, *safe]
    widths = [max(len(line[index]) for line in lines) for index in range(len(heads))]
    result(
        "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )
    )


def fields(pairs: Sequence[tuple[str, str]]) -> None:
    """Write `name: value` lines to stdout, the values aligned and escaped."""
    width = max((len(name) for name, _ in pairs), default=0) + 1
    result("\n".join(f"{name + ':':<{width}} {escape(value)}" for name, value in pairs))
