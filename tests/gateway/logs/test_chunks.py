"""Output as the contract's `LogChunk`."""

from __future__ import annotations

import base64
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit_gateway.logs.chunks import LogChunk, encode
from flowkit_gateway.logs.reader import Chunk

CHARACTER = "€".encode()


def decoded(chunk: LogChunk) -> bytes:
    return chunk["text"].encode() if "text" in chunk else base64.b64decode(chunk["base64"])


def test_text_stays_text() -> None:
    encoded = encode([Chunk("stderr", 7, 1.5, b"h\xc3\xa9\n")], 7, more=True)

    assert encoded.chunks == [
        {"stream": "stderr", "offset": 7, "time": "1970-01-01T00:00:01.500Z", "text": "hé\n"}
    ]
    assert encoded.next_offset == 11


def test_bytes_that_are_not_text_are_base64() -> None:
    encoded = encode([Chunk("stdout", 0, 0.0, b"a\xff\n")], 0, more=True)

    assert encoded.chunks[0]["base64"] == base64.b64encode(b"a\xff\n").decode()
    assert "text" not in encoded.chunks[0]


@pytest.mark.parametrize("cut", [1, 2])
def test_the_beginning_of_a_character_waits_for_its_end(cut: int) -> None:
    held = encode([Chunk("stdout", 0, 0.0, b"ab" + CHARACTER[:cut])], 0, more=True)
    rest = encode([Chunk("stdout", 2, 0.0, CHARACTER)], held.next_offset, more=True)

    assert ([chunk["text"] for chunk in held.chunks], held.next_offset) == (["ab"], 2)
    assert [chunk["text"] for chunk in rest.chunks] == ["€"]


def test_nothing_is_held_back_at_the_end() -> None:
    encoded = encode([Chunk("stdout", 0, 0.0, CHARACTER[:2])], 0, more=False)

    assert decoded(encoded.chunks[0]) == CHARACTER[:2]
    assert encoded.next_offset == 2


def test_a_character_between_two_chunks_of_a_stream_goes_to_the_second() -> None:
    chunks = [Chunk("stdout", 0, 0.0, b"a" + CHARACTER[:1]), Chunk("stdout", 2, 5.0, CHARACTER[1:])]

    encoded = encode(chunks, 0, more=True)

    assert [(chunk["offset"], chunk["text"]) for chunk in encoded.chunks] == [(0, "a"), (1, "€")]


@given(
    data=st.one_of(st.text().map(str.encode), st.binary()),
    cuts=st.lists(st.integers(0, 50)),
    streams=st.lists(st.sampled_from(["stdout", "stderr"]), min_size=1),
    more=st.booleans(),
)
def test_no_byte_is_lost_or_doubled(
    data: bytes, cuts: list[int], streams: list[str], more: bool
) -> None:
    bounds = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [
        Chunk(streams[number % len(streams)], start, 0.0, data[start:end])
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    ]

    encoded = encode(chunks, 0, more=more)

    assert b"".join(map(decoded, encoded.chunks)) == data[: encoded.next_offset]
    assert encoded.next_offset >= len(data) - (3 if more else 0)
    offset = 0
    for chunk in encoded.chunks:
        assert chunk["offset"] == offset
        offset += len(decoded(chunk))
