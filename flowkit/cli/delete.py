"""`flowkit delete`: delete finished tasks."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id


@options.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@options.output_option()
def command(tasks: tuple[str, ...], json: bool) -> None:
    """Delete each TASK, which must have ended, with its logs."""
    with open_flow() as flow:
        found = [flow.tasks.get(task_id(flow, task)).id for task in tasks]
        for one in found:
            flow.tasks.delete(one)
            if not json:
                output.result(one)
    if json:
        output.result_json(found)
