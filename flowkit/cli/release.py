"""`flowkit release`: let held tasks start."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id


@options.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@options.output_option()
def command(tasks: tuple[str, ...], json: bool) -> None:
    """Let each TASK start that is held."""
    with open_flow() as flow:
        released = [flow.tasks.release(task_id(flow, task)) for task in tasks]
        if json:
            output.result_json([task.data for task in released])
            return
        for task in released:
            output.result(f"{task.id} {task.status}")
