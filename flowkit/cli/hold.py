"""`flowkit hold`: keep queued tasks from starting."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id


@options.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@options.output_option()
def command(tasks: tuple[str, ...], json: bool) -> None:
    """Keep each TASK, which must not have started, from starting until it is released."""
    with open_flow() as flow:
        held = [flow.tasks.hold(task_id(flow, task)) for task in tasks]
        if json:
            output.result_json([task.data for task in held])
            return
        for task in held:
            output.result(f"{task.id} held")
