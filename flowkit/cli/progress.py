"""How far a transfer has come, on a person's terminal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowkit.cli import output

if TYPE_CHECKING:
    from flowkit.transfers import Transfer, TransferProgress

_NAME_WIDTH = 32
_MOST_SKIPPED = 5


@contextmanager
def transfer_progress() -> Iterator[Callable[[TransferProgress], None] | None]:
    """Draw a bar on stderr while a transfer goes on; None where stderr is no terminal."""
    if not os.isatty(output.STDERR):
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        # No markup: rich would take square brackets in a name for its own.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task("", total=None)

        def show(progress: TransferProgress) -> None:
            bar.update(
                line,
                description=output.shorten(output.escape(progress.path), _NAME_WIDTH),
                completed=progress.transferred_bytes,
                total=progress.total_bytes,
            )

        yield show


def skipped_notice(transfer: Transfer) -> None:
    """Say what was left out of a transfer, if anything was."""
    if not transfer.skipped:
        return
    shown = [f"  {output.escape(each)}" for each in transfer.skipped[:_MOST_SKIPPED]]
    if (more := len(transfer.skipped) - len(shown)) > 0:
        shown.append(f"  and {more} more")
    output.notice("\n".join([f"left out {len(transfer.skipped)}:", *shown]))
