"""`flowkit events`: what happened, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.errors import BadInput
from flowkit.cli.task_view import local_time

if TYPE_CHECKING:
    from flowkit_api.models.event import Event

_NEWEST = 20


@options.command()
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Print what happens from now on.")
@click.option(
    "--after",
    type=options.Number(),
    metavar="NUMBER",
    help="With --follow: start after this event.",
)
@click.option(
    "-n",
    "--limit",
    type=options.COUNT,
    metavar="N",
    help="List at most N; 20 unless given.",
)
@options.output_option()
def command(
    task: str | None, follow: bool, after: int | None, limit: int | None, json: bool
) -> None:
    """List what happened, newest first, or follow it; of the whole project, or of TASK.

    With -f and -o json, each event is one line.
    """
    if after is not None and not follow:
        raise BadInput("--after goes with --follow", hint="flowkit events -f --after NUMBER")
    if follow and limit is not None:
        raise BadInput("--limit does not go with --follow", hint="Ctrl-C ends following")
    with open_flow() as flow:
        found = None if task is None else task_id(flow, task)
        if follow:
            for event in flow.events(task_id=found, follow=True, after=after):
                if json:
                    output.result_json_line(event)
                else:
                    output.result("  ".join(output.escape(cell) for cell in _row(event)))
            return
        events = list(flow.events(task_id=found, limit=limit or _NEWEST))
        if json:
            output.result_json(events)
            return
        columns = ("NUMBER", "AT", "TASK", "EVENT", "DETAIL")
        output.table(columns, [_row(event) for event in events], empty="no events")


def _row(event: Event) -> tuple[str, ...]:
    details = (
        event.reason and str(event.reason),
        None if event.exit_code is None else f"exit code {event.exit_code}",
        event.message,
    )
    return (
        str(event.number),
        local_time(event.at),
        event.task_id or "",
        event.type,
        ", ".join(detail for detail in details if detail),
    )
