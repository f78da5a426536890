"""`flowkit status`: show a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow, task_id
from flowkit.cli.task_view import command_line, elapsed, gpus, local_time

if TYPE_CHECKING:
    from flowkit import Task


@options.command()
@click.argument("task")
@options.output_option()
def command(task: str, json: bool) -> None:
    """Show TASK, an id or a name (its newest task)."""
    with open_flow() as flow:
        found = flow.tasks.get(task_id(flow, task))
        if json:
            output.result_json(found.data)
        else:
            output.fields(_lines(found))


def _lines(task: Task) -> list[tuple[str, str]]:
    lines = [
        ("id", task.id),
        ("name", task.name),
        ("status", str(task.status)),
        ("reason", task.reason and str(task.reason)),
        ("message", task.message),
        ("exit code", None if task.exit_code is None else str(task.exit_code)),
        ("held", task.held_at and f"since {local_time(task.held_at)}, until it is released"),
        ("waits for", ", ".join(task.waits_for)),
        ("retried at", task.retry_at and local_time(task.retry_at)),
        ("queue position", task.queue_position and str(task.queue_position)),
        ("command", command_line(task)),
        ("gpu", gpus(task)),
        ("directory", task.working_dir),
        ("mounts", ", ".join(f"{mount.target}={mount.source}" for mount in task.mounts or ())),
        ("outputs", ", ".join(task.outputs or ())),
        ("labels", ", ".join(f"{key}={value}" for key, value in (task.labels or {}).items())),
        ("attempt", str(task.attempt) if task.attempt > 1 else None),
        ("sweep", task.sweep_id and f"{task.sweep_id}, case {task.sweep_case}"),
        ("created", local_time(task.created_at)),
        ("started", task.started_at and local_time(task.started_at)),
        ("finished", task.finished_at and local_time(task.finished_at)),
        ("ran for", task.started_at and elapsed(task.started_at, task.finished_at)),
        ("output lost", task.output_dropped_bytes and f"{task.output_dropped_bytes} bytes"),
        ("project", task.project),
        ("engine", str(task.engine)),
    ]
    return [(name, value) for name, value in lines if value]
