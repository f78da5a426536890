"""Streams of server-sent events are read as the standard has them, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowkit.transport.sse import EventParser, EventTooLarge, ServerSentEvent


def parse(*chunks: bytes) -> list[ServerSentEvent]:
    parser = EventParser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def event(data: bytes, type: str = "message", id: str = "") -> ServerSentEvent:
    return ServerSentEvent(type, data, id)


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\n", [event(b"a")]),
        (b"data: a\r\n\r\n", [event(b"a")]),
        (b"data: a\r\rdata: b\r\r", [event(b"a"), event(b"b")]),
        (b"data: a\r\n\n", [event(b"a")]),
        (b"data:a\ndata: b\ndata:  c\n\n", [event(b"a\nb\n c")]),
        (b"data\n\n", [event(b"")]),
        (b"data\ndata\n\n", [event(b"\n")]),
        (b"event: log\nid: 7\ndata: {}\n\n", [event(b"{}", "log", "7")]),
        (b"id: 7\ndata: a\n\ndata: b\n\n", [event(b"a", id="7"), event(b"b", id="7")]),
        (b"id: 7\ndata: a\n\nid\ndata: b\n\n", [event(b"a", id="7"), event(b"b")]),
        (b"id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n", [event(b"a", id="7"), event(b"b", id="7")]),
        (b"event: log\n\ndata: a\n\n", [event(b"a")]),
        (b": comment\n:\n\ndata: a\n\n", [event(b"a")]),
        (b"unknown: x\ndata: a\n\n", [event(b"a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [event(b"a")]),
        (b"data: \xef\xbb\xbfa\n\n", [event(b"\xef\xbb\xbfa")]),
        (b"data: a: b\n\n", [event(b"a: b")]),
        (b"data: a\n", []),
        (b"data: a", []),
        (b"", []),
    ],
)
def test_events_are_read_by_the_standard(stream: bytes, events: list[ServerSentEvent]) -> None:
    assert parse(stream) == events
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == events


@given(st.data())
def test_where_the_bytes_are_cut_makes_no_difference(data: st.DataObject) -> None:
    lines = st.sampled_from([b"data: \xc3\xa9", b"data:x", b"event: log", b"id: 3", b": c", b""])
    ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
    stream = b"".join(
        line + end for line, end in data.draw(st.lists(st.tuples(lines, ends), max_size=12))
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert parse(*chunks) == parse(stream)


def test_an_id_counts_once_its_block_is_complete() -> None:
    parser = EventParser()
    parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: cut of")
    assert parser.last_event_id == "1"


def test_an_id_without_data_says_where_to_resume() -> None:
    parser = EventParser()
    assert parser.feed(b"id: 512\n\n") == []
    assert parser.last_event_id == "512"


def test_the_server_can_ask_for_a_pause() -> None:
    parser = EventParser()
    parser.feed(b"retry: 1500\nretry: soon\nretry:\n\n")
    assert parser.retry == 1.5


@pytest.mark.parametrize("piece", [b"x", b"\ndata: x", b"data: x\n"])
def test_an_endless_event_is_refused(piece: bytes) -> None:
    parser = EventParser(max_event_bytes=1000)
    for _ in range(1000 // len(piece)):
        parser.feed(piece)
    with pytest.raises(EventTooLarge):
        parser.feed(piece)


def test_many_events_are_no_large_event() -> None:
    parser = EventParser(max_event_bytes=100)
    assert sum(len(parser.feed(b"data: abc\n\n")) for _ in range(1000)) == 1000
