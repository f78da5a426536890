"""What the benchmark's table says of its measurements."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.peers import measure_with
from bench.samples import rounds, samples
from bench.table import Row, Section, Target, missed, render


def test_a_target_is_held_against_the_median() -> None:
    values = samples([1.0, 2.0, 90.0])
    assert Row("time", "ms", values, target=Target(2.0)).met is True
    assert Row("time", "ms", values, target=Target(1.9)).met is False
    assert Row("rate", "/s", values, target=Target(2.0, at_least=True)).met is True
    assert Row("rate", "/s", values, target=Target(2.1, at_least=True)).met is False
    assert Row("time", "ms", values).met is None


def test_a_target_of_a_ratio_is_held_against_the_rounds_ratios() -> None:
    slow, floor = samples([2.0, 40.0, 3.0]), samples([1.0, 10.0, 2.0])
    row = Row("call", "ms", slow, ratio=slow.ratios(floor), target=Target(1.9, of_ratio=True))
    assert row.ratio is not None
    assert row.ratio.values == (2.0, 4.0, 1.5)
    assert row.met is False


def test_what_is_absent_neither_meets_nor_misses() -> None:
    row = Row("peer", target=Target(1.0), note="not installed")
    assert row.met is None
    text = render([Section("Peers", [row])])
    assert "| absent" in text
    assert "- peer: not installed" in text


def test_the_table_names_what_was_missed() -> None:
    rows = [
        Row("fast", "ms", samples([1.0]), target=Target(2.0)),
        Row("slow", "ms", samples([1234.0]), target=Target(2.0)),
    ]
    text = render([Section("Calls", rows)])
    assert [row.what for row in missed([Section("Calls", rows)])] == ["slow"]
    assert "1,234 ms" in text
    assert text.count("MISSED") == 1
    assert len({len(line) for line in text.splitlines() if line.startswith("|")}) == 1


def test_rounds_alternate_and_leave_out_the_first() -> None:
    order: list[str] = []
    actions = {name: lambda name=name: order.append(name) for name in ("a", "b")}
    measured = rounds(actions, 3)
    assert "".join(order) == "abbaabba"
    assert {name: len(each.values) for name, each in measured.items()} == {"a": 3, "b": 3}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("print('progress'); print('{\"one\": [1.0, 2.0]}')", {"one": samples([1.0, 2.0])}),
        ("raise SystemExit('no such cluster')", "not measured: its script ended with 1: no such"),
    ],
)
def test_a_peer_is_measured_or_says_why_not(tmp_path: Path, script: str, expected: object) -> None:
    path = tmp_path / "peer.py"
    path.write_text(script)
    measured = measure_with(Path(sys.executable), path, 1)
    if isinstance(expected, str):
        assert isinstance(measured, str)
        assert measured.startswith(expected)
    else:
        assert measured == expected
