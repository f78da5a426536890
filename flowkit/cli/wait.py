"""`flowkit wait`: wait for tasks, and exit with their code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import click

from flowkit.cli import options, outcome, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.errors import after_submission

if TYPE_CHECKING:
    from flowkit import Flow, Task


@options.command()
@click.argument("tasks", nargs=-1, required=True, metavar="TASK...")
@click.option("--timeout", type=options.DURATION, metavar="DURATION", help="Wait no longer.")
@click.option(
    "--until",
    type=options.Choice(["running", "terminal"]),
    default="terminal",
    show_default=True,
    help="What to wait for.",
)
@options.output_option()
@click.pass_context
def command(
    context: click.Context,
    /,
    tasks: tuple[str, ...],
    timeout: float | None,
    until: Literal["running", "terminal"],
    json: bool,
) -> None:
    """Wait until each TASK has ended; exit with its exit code.

    Of several tasks, the first exit code that is not 0. Exits with 124 when the time is over;
    the tasks go on. `--until running` exits with 0 once they run.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with open_flow() as flow:
        # First make sure of all of them: a mistyped one must not cost a long wait.
        known = [flow.tasks.get(task_id(flow, task)) for task in tasks]
        ended = [_wait(flow, task, until, deadline) for task in known]
        if json:
            output.result_json([task.data for task in ended] if len(ended) > 1 else ended[0].data)
        codes = [0 if _goes_on(task) else outcome.exit_code(task) for task in ended]
    context.exit(next((code for code in codes if code), 0))


def _wait(
    flow: Flow, task: Task, until: Literal["running", "terminal"], deadline: float | None
) -> Task:
    if task.held_at is not None:
        # It does not end by itself, so a wait for it may be a mistake.
        outcome.queue_notice(task)
    rest = None if deadline is None else max(0.0, deadline - time.monotonic())
    with after_submission(task.id):
        return flow.tasks.wait(task, until=until, timeout=rest)


def _goes_on(task: Task) -> bool:
    return task.finished_at is None
