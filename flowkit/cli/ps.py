"""`flowkit ps`: list tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput
from flowkit.cli.task_view import age, command_line, gpus, waiting

if TYPE_CHECKING:
    from flowkit import Task

_NEWEST = 20


@options.command()
@click.option("-a", "--all", "every", is_flag=True, help="List all tasks, not the newest 20.")
@click.option("-n", "--limit", type=options.COUNT, metavar="N", help="List at most N.")
@click.option(
    "--status",
    "statuses",
    type=options.TEXT,
    multiple=True,
    metavar="STATUS",
    help="Only tasks in this state, such as running. Repeatable.",
)
@click.option("--name", type=options.TEXT, metavar="NAME", help="Only tasks of this name.")
@click.option(
    "--label",
    "labels",
    type=options.TEXT,
    multiple=True,
    metavar="NAME[=VALUE]",
    help="Only tasks with this label. Repeatable.",
)
@options.output_option()
def command(
    every: bool,
    limit: int | None,
    statuses: tuple[str, ...],
    name: str | None,
    labels: tuple[str, ...],
    json: bool,
) -> None:
    """List tasks, newest first: the newest 20 unless told otherwise."""
    if every and limit is not None:
        raise BadInput("--all and --limit contradict each other", hint="leave out one of them")
    with open_flow() as flow:
        tasks = list(
            flow.tasks.list(
                status=statuses,
                name=name,
                labels=labels,
                limit=limit if limit is not None else None if every else _NEWEST,
            )
        )
        if json:
            output.result_json([task.data for task in tasks])
            return
        columns = ("ID", "NAME", "STATUS", "EXIT", "GPU", "AGE", "COMMAND")
        output.table(columns, [_row(task) for task in tasks], empty="no tasks")


def _row(task: Task) -> tuple[str, ...]:
    return (
        task.id,
        task.name or "",
        f"{task.status} ({reason})" if (reason := waiting(task)) else str(task.status),
        "" if task.exit_code is None else str(task.exit_code),
        gpus(task),
        age(task.created_at),
        output.shorten(command_line(task), 60),
    )
