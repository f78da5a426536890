"""Nothing that others wrote acts on a terminal, and no result is lost in silence."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.cli import output

HOSTILE = "a\x1b]0;owned\x07\x9b31m\r\nb\u202e\u2028\x7f\t\ud800"


def written(write: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return what a function writes to stdout."""
    reader, writer = os.pipe()
    monkeypatch.setattr(output, "STDOUT", writer)
    write()
    os.close(writer)
    with open(reader, "rb") as file:
        return file.read()


def test_escape_leaves_nothing_that_a_terminal_acts_on() -> None:
    escaped = output.escape(HOSTILE)
    assert escaped == r"a\x1b]0;owned\x07\x9b31m\r\nb\u202e\u2028\x7f\t\ud800"


@pytest.mark.parametrize("text", ["plain", "naïve ✓ 漢字 🚀", "[bold]not markup[/bold]", ""])
def test_escape_keeps_what_is_harmless(text: str) -> None:
    assert output.escape(text) == text


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    escaped = output.escape(text)
    assert escaped.splitlines() in ([escaped], [])
    escaped.encode("utf-8")


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner)))
def test_safe_json_is_the_same_json(value: object) -> None:
    document = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        document.decode("utf-8")
    except UnicodeDecodeError:
        return
    safe = output.safe_json(document)
    assert json.loads(safe) == value
    assert not any(0x7F <= ord(letter) <= 0x9F for letter in safe.decode())


def test_table_is_plain_and_aligned_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("task_1", "", "completed"), ("task_22", HOSTILE, "failed")]
    data = written(lambda: output.table(("ID", "NAME", "STATUS"), rows, empty=""), monkeypatch)
    head, first, second = data.decode().splitlines()
    assert head.split() == ["ID", "NAME", "STATUS"]
    assert first.split() == ["task_1", "-", "completed"]
    assert second.split() == ["task_22", output.escape(HOSTILE), "failed"]
    assert head.index("STATUS") == first.index("completed") == second.index("failed")
    assert b"\x1b" not in data


def test_empty_table_says_so_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert written(lambda: output.table(("ID",), [], empty="no tasks"), monkeypatch) == b""
    assert capfd.readouterr().err == "flowkit: no tasks\n"


def test_write_waits_for_a_full_pipe_that_does_not_block() -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    data = os.urandom(1_000_000)
    received = bytearray()

    def read() -> None:
        with open(reader, "rb") as file:
            received.extend(file.read())

    thread = threading.Thread(target=read)
    thread.start()
    output.write(writer, data)
    os.close(writer)
    thread.join()
    assert received == data


def test_write_names_the_stream_that_failed() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(output.OutputError, match="cannot write to stderr"):
        output.write(full, b"x")
    os.close(full)


def test_notices_that_nobody_can_read_are_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(output, "STDERR", writer)
    output.notice("gone")
    os.close(writer)


@pytest.mark.parametrize(
    ("text", "width", "short"), [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("", 6, "")]
)
def test_shorten(text: str, width: int, short: str) -> None:
    assert output.shorten(text, width) == short
