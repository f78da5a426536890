"""Ids: their order and their alphabet."""

from __future__ import annotations

import re
import threading

import pytest

from flowkit_gateway.store.identifiers import IdentifierSource


def test_ids_have_the_form_of_the_contract() -> None:
    assert re.fullmatch(r"[0-9a-z]{26}", IdentifierSource().new())


def test_ids_grow() -> None:
    source = IdentifierSource()
    ids = [source.new() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_grow_while_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    source = IdentifierSource()
    before = source.new()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    ids = [before] + [source.new() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_ids_follow_one_from_the_future() -> None:
    newest = "7" + "z" * 20 + "0" * 5
    source = IdentifierSource(after=newest)
    first, second = source.new(), source.new()
    assert newest < first < second
    assert len(second) == 26


def test_one_id_does_not_tell_the_next() -> None:
    """Steps within a millisecond are random and large."""
    source = IdentifierSource(after="7" + "0" * 25)
    steps = set()
    for _ in range(100):
        first, second = source.new(), source.new()
        steps.add((first[-13:], second[-13:]))
    assert len(steps) == 100


def test_threads_share_a_source() -> None:
    source = IdentifierSource()
    lists: list[list[str]] = [[] for _ in range(4)]

    def take(into: list[str]) -> None:
        into += [source.new() for _ in range(2000)]

    threads = [threading.Thread(target=take, args=(each,)) for each in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for some in lists for each in some}) == 8000
    assert all(some == sorted(some) for some in lists)
