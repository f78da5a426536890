"""`flowkit delete`: delete finished tasks."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id


@options.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
def command(tasks: tuple[str, ...]) -> None:
    """Delete each TASK, which must have ended, with its logs."""
    with open_flow() as flow:
        for found in [flow.tasks.get(task_id(flow, task)).id for task in tasks]:
            flow.tasks.delete(found)
            output.result(found)
