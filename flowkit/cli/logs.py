"""`flowkit logs`: print or follow a task's output."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.errors import BadInput, Terminated
from flowkit.cli.task_output import write_json_lines, write_output

if TYPE_CHECKING:
    from flowkit.log_text import LogNode


class _Node(options.Number):
    """The number of a machine, or all of them."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the number, or `all` as it is.

        Raises:
            BadInput: It is neither.
        """
        if value == "all":
            return value
        try:
            return super().convert(value, param, ctx)
        except BadInput as error:
            raise BadInput(str(error), hint="the number of a machine, from 0, or all") from error


@options.command()
@click.argument("task")
@click.option("-f", "--follow", is_flag=True, help="Go on until the task has ended.")
@click.option("--tail", type=options.Number(), metavar="N", help="Only the last N lines.")
@click.option(
    "--since",
    type=options.TEXT,
    metavar="TIME",
    help="Only what was written since: 5m, or '2026-11-20 10:00'.",
)
@click.option(
    "--attempt", type=options.Number(), metavar="N", help="Only the output of this attempt."
)
@click.option(
    "--node",
    type=_Node(),
    metavar="N",
    help="The output of this machine, from 0, or with `all` each line with its machine's number.",
)
@options.output_option("text", "Print the bytes as they are, or JSON lines of stream and text.")
@click.option(
    "--stream", type=options.Choice(["stdout", "stderr"]), help="Only one of the two streams."
)
def command(
    task: str,
    follow: bool,
    tail: int | None,
    since: str | None,
    attempt: int | None,
    node: LogNode,
    stream: Literal["stdout", "stderr"] | None,
    json: bool,
) -> None:
    """Print the output of TASK, byte for byte: its stdout to stdout, its stderr to stderr.

    With -o json, each piece of output is one line on stdout, in the order of arrival: its stream,
    and its text, or base64 where it is not UTF-8.
    """
    moment = None
    if since is not None:
        from flowkit.durations import parse_since

        moment = parse_since(since, datetime.now(UTC))
    with open_flow() as flow:
        found = task_id(flow, task)
        try:
            chunks = flow.tasks.log_chunks(
                found,
                follow=follow,
                stream=stream,
                tail=tail,
                since=moment,
                attempt=attempt,
                node=node,
            )
            if json:
                write_json_lines(chunks)
            else:
                write_output(chunks)
        except (KeyboardInterrupt, Terminated):
            output.notice(f"detached: `flowkit logs -f {found}` comes back")
            raise
