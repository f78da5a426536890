"""Tables on a terminal; the only module that imports rich."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def draw(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table on the terminal, as wide as it is; `NO_COLOR` is obeyed.

    Args:
        columns: The head of each column.
        rows: Cells as escaped text.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        # What a row is called by must stay in one piece, to be copied.
        table.add_column(column, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        # Text, not str: rich would take square brackets for its markup.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
