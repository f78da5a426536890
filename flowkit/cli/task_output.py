"""A task's own output, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flowkit.cli import output

if TYPE_CHECKING:
    from datetime import datetime

    from flowkit import Flow


def write_output(
    flow: Flow,
    task_id: str,
    *,
    follow: bool = False,
    stream: Literal["stdout", "stderr"] | None = None,
    tail: int | None = None,
    since: datetime | None = None,
) -> None:
    """Write a task's stdout to stdout and its stderr to stderr, each chunk as it comes.

    Args:
        flow: Where the task is.
        task_id: The task.
        follow: Go on until the task has ended.
        stream: Only this stream.
        tail: Start at this many lines before the end.
        since: Start at what was written then.

    Raises:
        FlowError: The output cannot be read.
        BrokenPipeError: The reader is gone.
    """
    chunks = flow.tasks.log_chunks(task_id, follow=follow, stream=stream, tail=tail, since=since)
    for name, data in chunks:
        output.write(output.STDERR if name == "stderr" else output.STDOUT, data)
