"""The one table of the benchmark: its rows, and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.samples import Samples


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that a row's median, or its median ratio to the floor, has to keep."""

    bound: float
    at_least: bool = False
    of_ratio: bool = False

    def met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{' ×' if self.of_ratio else ''}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured quantity; without samples it says why there are none."""

    what: str
    unit: str = ""
    samples: Samples | None = None
    ratio: Samples | None = None
    """To the floor or peer that `over` names, round by round."""
    over: str = ""
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none or nothing was measured."""
        if self.target is None:
            return None
        measured = self.ratio if self.target.of_ratio else self.samples
        return None if measured is None else self.target.met_by(measured.median)


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together."""

    title: str
    rows: Sequence[Row]


HEAD = ("what", "median", "min to max", "n", "over", "ratio", "target", "")


def render(sections: Sequence[Section]) -> str:
    """Write sections as Markdown tables whose columns are aligned as plain text too."""
    cells = [[HEAD, *(_cells(row) for row in section.rows)] for section in sections]
    widths = [max(len(line[at]) for lines in cells for line in lines) for at in range(len(HEAD))]
    blocks = []
    for section, lines in zip(sections, cells, strict=True):
        head, *body = (_line(line, widths) for line in lines)
        rule = f"|{'|'.join('-' * (width + 2) for width in widths)}|"
        notes = [f"- {row.what}: {row.note}" for row in section.rows if row.note]
        tail = ["", *notes] if notes else []
        blocks.append("\n".join([f"### {section.title}", "", head, rule, *body, *tail]))
    return "\n\n".join(blocks) + "\n"


def missed(sections: Sequence[Section]) -> list[Row]:
    """The rows whose target was not met."""
    return [row for section in sections for row in section.rows if row.met is False]


def _cells(row: Row) -> tuple[str, ...]:
    measured = row.samples
    if measured is None:
        return (row.what, "absent", "", "", "", "", str(row.target or ""), "")
    return (
        row.what,
        f"{_number(measured.median)} {row.unit}",
        f"{_number(measured.low)} to {_number(measured.high)}",
        str(len(measured.values)),
        row.over,
        f"{row.ratio.median:.2f} ×" if row.ratio else "",
        str(row.target or ""),
        {True: "met", False: "MISSED", None: ""}[row.met],
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _number(value: float) -> str:
    """Three significant digits, and none after the point from 100 on."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
