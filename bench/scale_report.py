"""What the simulation of many tasks has measured, as a page with a plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT, MARGIN = 760, 300, 56
COLORS = ("#1f6feb", "#d1242f", "#1a7f37", "#9a6700")


class Series(NamedTuple):
    """A line of the plot, drawn as shares of its own largest value."""

    name: str
    values: Sequence[float]
    unit: str


def table(names: Sequence[str], rows: Sequence[Sequence[float]]) -> str:
    """Return a table in Markdown, with as many digits as say something."""
    lines = ["| " + " | ".join(names) + " |", "|" + "--:|" * len(names)]
    lines += ["| " + " | ".join(map(_number, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def plot(title: str, xs: Sequence[float], series: Sequence[Series]) -> str:
    """Return an SVG with one line for each series, all from zero to their largest value."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{MARGIN}" y="20" font-weight="bold">{title}</text>',
    ]
    bottom, right = HEIGHT - MARGIN, WIDTH - 250
    parts.append(f'<path d="M{MARGIN} 36V{bottom}H{right}" fill="none" stroke="#57606a"/>')
    for x in (xs[0], xs[len(xs) // 2], xs[-1]):
        at = _along(x, xs[-1], MARGIN, right)
        parts.append(f'<text x="{at:.0f}" y="{bottom + 18}" text-anchor="middle">{x:,.0f}</text>')
    parts.append(
        f'<text x="{(MARGIN + right) / 2:.0f}" y="{bottom + 38}" text-anchor="middle">tasks'
        " that have ended</text>"
    )
    for place, (line, color) in enumerate(zip(series, COLORS, strict=False)):
        largest = max(line.values) or 1.0
        points = " ".join(
            f"{_along(x, xs[-1], MARGIN, right):.1f},{_along(y, largest, bottom, 44):.1f}"
            for x, y in zip(xs, line.values, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        at = 52 + 20 * place
        parts.append(
            f'<text x="{right + 12}" y="{at}" fill="{color}">{line.name}:'
            f" at most {_number(largest)} {line.unit}</text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _along(value: float, largest: float, start: float, end: float) -> float:
    return start + (end - start) * value / largest


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
