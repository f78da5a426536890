"""Tables on a terminal."""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = 2
_NARROWEST_LAST_COLUMN = 12


def draw(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on the terminal, its last column cut to what is left of the width.

    Source: `NO_COLOR` means no styles at all (https://no-color.org).

    Args:
        columns: The head of each column.
        rows: Cells as escaped text.
    """
    console = Console()
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    others = sum(widths[:-1]) + _GAP * len(widths[:-1])
    widths[-1] = min(widths[-1], max(console.width - others, _NARROWEST_LAST_COLUMN))
    # Beyond the width the terminal wraps lines, which leaves ids and names whole.
    console.width = max(console.width, others + widths[-1])
    head = None if os.environ.get("NO_COLOR") else "bold"
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style=head)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, width=width, no_wrap=True, overflow="ellipsis")
    for row in rows:
        # Text, not str: rich would take square brackets for its markup.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
