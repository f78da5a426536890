"""Reading an attempt's output by offsets of a view."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit_gateway.engines.local.output import RECORD, STDERR, STDOUT, Output
from flowkit_gateway.logs.reader import AttemptLog, Chunk, View

VIEWS = list(View)


def written(directory: Path, *chunks: tuple[int, bytes]) -> AttemptLog:
    """A log of an attempt whose command wrote these chunks."""
    output = Output(str(directory), 1 << 40)
    for stream, data in chunks:
        output.write(stream, data)
    return AttemptLog(directory, complete=True)


def contents(log: AttemptLog, view: View, offset: int = 0, max_bytes: int = 1 << 30) -> bytes:
    return b"".join(chunk.data for chunk in log.read(view, offset, max_bytes))


def test_each_view_has_its_own_offsets(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"one "), (STDERR, b"two "), (STDOUT, b"three"))

    assert contents(log, View.STDOUT) == b"one three"
    assert contents(log, View.STDERR) == b"two "
    assert contents(log, View.MERGED) == b"one two three"
    merged = [(chunk.stream, chunk.offset, chunk.data) for chunk in log.read(View.MERGED, 2, 8)]
    assert merged == [("stdout", 2, b"e "), ("stderr", 4, b"two "), ("stdout", 8, b"th")]


@given(
    chunks=st.lists(
        st.tuples(st.sampled_from([STDOUT, STDERR]), st.binary(min_size=1, max_size=20)),
        max_size=30,
    ),
    step=st.integers(1, 40),
    start=st.integers(0, 100),
)
def test_any_steps_from_any_offset_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    chunks: list[tuple[int, bytes]],
    step: int,
    start: int,
) -> None:
    log = written(tmp_path_factory.mktemp("log"), *chunks)
    expected = {
        View.STDOUT: b"".join(data for stream, data in chunks if stream == STDOUT),
        View.STDERR: b"".join(data for stream, data in chunks if stream == STDERR),
        View.MERGED: b"".join(data for _, data in chunks),
    }
    for view, whole in expected.items():
        assert log.size(view) == len(whole)
        offset, read = start, b""
        while part := log.read(view, offset, step):
            assert part[0].offset == offset
            data = b"".join(chunk.data for chunk in part)
            assert len(data) <= step
            read += data
            offset += len(data)
        assert read == whole[start:]


def test_more_records_than_one_read_looks_at(tmp_path: Path) -> None:
    log = written(tmp_path, *[(STDOUT + i % 2, b"%d\n" % i) for i in range(5000)])

    offset, read = 0, b""
    while part := log.read(View.MERGED, offset, 1 << 20):
        read += b"".join(chunk.data for chunk in part)
        offset = len(read)
    assert read == b"".join(b"%d\n" % i for i in range(5000))


@pytest.mark.parametrize("view", VIEWS)
def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path, view: View) -> None:
    log = AttemptLog(tmp_path / "missing")

    assert (log.size(view), log.read(view, 0, 100), log.offset_of_tail(view, 5)) == (0, [], 0)
    assert log.offset_since(view, datetime.now(UTC)) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_beyond_the_end_there_is_nothing(tmp_path: Path, view: View) -> None:
    log = written(tmp_path, (STDOUT, b"out"), (STDERR, b"err"))

    assert log.read(view, 100, 100) == []


def test_bytes_that_the_index_does_not_know_come_last(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"one "), (STDERR, b"two "))
    for name in ("stdout", "stderr"):
        with (tmp_path / name).open("ab") as file:
            file.write(f"{name}-rest ".encode())

    whole = b"one two stdout-rest stderr-rest "
    for offset in range(len(whole)):
        assert contents(log, View.MERGED, offset) == whole[offset:]
    assert contents(log, View.STDERR) == b"two stderr-rest "


def test_while_the_log_grows_they_are_not_placed_yet(tmp_path: Path) -> None:
    """The index may still say otherwise."""
    log = written(tmp_path, (STDOUT, b"one"))
    with (tmp_path / "stdout").open("ab") as file:
        file.write(b"more")
    log.complete = False

    assert (log.size(View.MERGED), contents(log, View.MERGED)) == (3, b"one")
    assert (log.size(View.STDOUT), contents(log, View.STDOUT)) == (7, b"onemore")


def test_a_log_without_an_index(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"out"), (STDERR, b"err"))
    (tmp_path / "index").unlink()

    assert contents(log, View.MERGED) == b"outerr"
    assert contents(log, View.STDERR) == b"err"


def test_a_torn_record_does_not_count(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"one"), (STDERR, b"two"))
    os.truncate(tmp_path / "index", 2 * RECORD.size - 5)

    assert contents(log, View.MERGED) == b"onetwo"
    log.complete = False
    assert contents(log, View.MERGED) == b"one"


def test_a_stream_that_lost_its_end_is_read_up_to_there(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"one"), (STDOUT, b"two"))
    os.truncate(tmp_path / "stdout", 4)

    assert contents(log, View.STDOUT) == b"onet"
    assert log.read(View.STDOUT, 4, 100) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (0, b""),
        (1, b"c"),
        (2, b"b\nc"),
        (3, b"a\r still a\nb\nc"),
        (4, b"a\r still a\nb\nc"),
    ],
)
@pytest.mark.parametrize("newline_at_the_end", [False, True])
def test_tail(tmp_path: Path, lines: int, expected: bytes, newline_at_the_end: bool) -> None:
    log = written(tmp_path, (STDOUT, b"a\r still a\nb\nc" + b"\n" * newline_at_the_end))

    tail = contents(log, View.STDOUT, log.offset_of_tail(View.STDOUT, lines))
    assert tail == (expected + b"\n" * newline_at_the_end if lines else b"")


def test_tail_of_a_log_larger_than_its_window(tmp_path: Path) -> None:
    lines = [b"%d " % i + b"x" * (i % 997) + b"\n" for i in range(3000)]
    log = written(tmp_path, *[(STDOUT + i % 2, line) for i, line in enumerate(lines)])

    for number in (1, 10, 1500, 2999, 3000, 3001):
        tail = contents_of_all(log, log.offset_of_tail(View.MERGED, number))
        assert tail == b"".join(lines[-number:])


def contents_of_all(log: AttemptLog, offset: int) -> bytes:
    read = b""
    while part := contents(log, View.MERGED, offset + len(read)):
        read += part
    return read


def test_since_finds_the_first_output_at_or_after_a_moment(tmp_path: Path) -> None:
    log = written(tmp_path, *[(STDOUT, b"out%d " % i) for i in range(3)], (STDERR, b"err "))
    start = datetime(2026, 1, 1, tzinfo=UTC)
    records = list(RECORD.iter_unpack((tmp_path / "index").read_bytes()))
    body = b"".join(
        RECORD.pack(merged, end, int((start.timestamp() + second) * 1000), stream)
        for second, (merged, end, _, stream) in enumerate(records)
    )
    (tmp_path / "index").write_bytes(body)

    def since(view: View, seconds: float) -> bytes:
        return contents(log, view, log.offset_since(view, start + timedelta(seconds=seconds)))

    assert since(View.MERGED, -5) == b"out0 out1 out2 err "
    assert since(View.MERGED, 1) == b"out1 out2 err "
    assert since(View.MERGED, 1.5) == b"out2 err "
    assert since(View.STDOUT, 1.5) == b"out2 "
    assert since(View.STDERR, 1.5) == b"err "
    assert since(View.STDOUT, 3) == b""
    assert since(View.MERGED, 99) == b""


def test_output_far_apart_in_time_stays_apart(tmp_path: Path) -> None:
    log = written(tmp_path, (STDOUT, b"a\n"), (STDOUT, b"b\n"), (STDOUT, b"c\n"))
    records = list(RECORD.iter_unpack((tmp_path / "index").read_bytes()))
    times = (1000, 1005, 3000)
    (tmp_path / "index").write_bytes(
        b"".join(
            RECORD.pack(merged, end, time, stream)
            for time, (merged, end, _, stream) in zip(times, records, strict=True)
        )
    )

    assert log.read(View.MERGED, 0, 100) == [
        Chunk("stdout", 0, 1.0, b"a\nb\n"),
        Chunk("stdout", 4, 3.0, b"c\n"),
    ]
