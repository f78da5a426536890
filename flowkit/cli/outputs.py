"""`flowkit outputs`: the files that are kept of a task after it."""

from __future__ import annotations

from pathlib import Path

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.progress import skipped_notice, transfer_progress
from flowkit.cli.task_view import local_time
from flowkit.sizes import format_bytes


@options.command()
@click.argument("task")
@click.argument("path", required=False, type=options.TEXT)
@click.option(
    "--into",
    type=options.FileName(Path),
    metavar="DIR",
    help="Download them, each to its own path below DIR.",
)
@options.output_option()
def command(task: str, path: str | None, into: Path | None, json: bool) -> None:
    """List the outputs of TASK, or of PATH in them, or download them.

    \b
      flowkit run --outputs checkpoints/ -- python train.py
      flowkit outputs train checkpoints/ --into results
    """
    with open_flow() as flow:
        found = task_id(flow, task)
        if into is not None:
            with transfer_progress() as progress:
                transfer = flow.outputs.download(found, path, into=into, progress=progress)
            skipped_notice(transfer)
            if json:
                output.result_json(transfer._asdict())
            else:
                size = format_bytes(transfer.size_bytes)
                output.notice(
                    output.escape(f"received {transfer.files}, {size} in all, into {into}")
                )
            return
        files = list(flow.outputs.list(found, path))
    if json:
        output.result_json(files)
        return
    rows = [
        (
            str(file.size_bytes) if file.type == "file" else "",
            local_time(file.modified_at),
            file.path + ("/" if file.type == "directory" else ""),
        )
        for file in files
    ]
    output.table(("SIZE", "MODIFIED", "PATH"), rows, empty="no outputs")
