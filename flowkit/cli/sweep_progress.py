"""The live bar of a sweep on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from flowkit import Sweep


def follow_with_bar(sweep: Sweep) -> None:
    """Draw on stderr how many cases have ended and how many of them failed, until all have.

    Args:
        sweep: A sweep; its fields are those of its end when this returns.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed"),
        TimeElapsedColumn(),
    )
    failed = 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("cases", total=len(sweep), failed=0)
        for case in sweep.follow():
            failed += case.status == "failed"
            progress.update(bar, advance=1, failed=failed)
