"""`flowkit cancel`: end tasks."""

from __future__ import annotations

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.errors import BadInput

_ACTIVE = ["pending", "starting", "running", "preempting", "paused"]


@options.command()
@click.argument("tasks", nargs=-1, metavar="TASK...")
@click.option("--force", is_flag=True, help="Kill at once, without time to clean up.")
@click.option("--all", "every", is_flag=True, help="Cancel every task that has not ended.")
@options.output_option()
def command(tasks: tuple[str, ...], force: bool, every: bool, json: bool) -> None:
    """Cancel each TASK and everything that it started.

    A task that has ended stays as it is.
    """
    if every == bool(tasks):
        raise BadInput("name the tasks to cancel, or use --all", hint="flowkit cancel TASK...")
    with open_flow() as flow:
        if every:
            ids = [task.id for task in flow.tasks.list(status=_ACTIVE)]
        else:
            # All are looked up before the first is cancelled.
            ids = [flow.tasks.get(task_id(flow, task)).id for task in tasks]
        cancelled = [flow.tasks.cancel(found, force=force) for found in ids]
        if json:
            output.result_json([task.data for task in cancelled])
            return
        if not cancelled:
            output.notice("no task is active")
        for task in cancelled:
            output.result(f"{task.id} {task.status}")
