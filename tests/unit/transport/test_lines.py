r"""A line ends at `\n`, however the bytes were cut, and nowhere else."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowkit.transport.lines import LineSplitter


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.flush()


def test_only_a_line_feed_ends_a_line() -> None:
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f 50%\r 60%\r\nnext\n".encode()
    assert split([text]) == [text[:-6], b"next"]


def test_an_empty_line_is_a_line() -> None:
    assert split([b"a\n\nb\n"]) == [b"a", b"", b"b"]


def test_the_last_line_needs_no_end() -> None:
    assert split([b"a\nb"]) == [b"a", b"b"]


def test_nothing_has_no_lines() -> None:
    assert split([]) == split([b""]) == []


@given(st.lists(st.binary(max_size=20)))
def test_where_the_bytes_are_cut_makes_no_difference(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    assert split(chunks) == split([whole])
    assert b"\n".join(split(chunks)) == whole.removesuffix(b"\n")
