"""`flowkit plan`: what a submit would do."""

from __future__ import annotations

import sys
from typing import Any

import click

from flowkit.cli import options, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import FAILED
from flowkit.cli.money import price
from flowkit.cli.task_options import task_config, task_options

_MARKS = {"passed": "✓", "failed": "✗"}
_PLAIN_MARKS = {"passed": "ok", "failed": "no"}


@options.command(interspersed=False)
@task_options
@options.output_option()
@click.pass_context
def command(context: click.Context, /, json: bool, **given: Any) -> None:
    """Say what submitting COMMAND would choose and check; submit nothing.

    Exits with 1 when it would be refused.
    """
    config = task_config(**given)
    with open_flow() as flow:
        plan = flow.tasks.plan(config)
    if json:
        output.result_json(plan)
    else:
        lines = [
            ("feasible", "yes" if plan.feasible else "no"),
            ("starts now", None if plan.starts_now is None else "yes" if plan.starts_now else "no"),
            ("gpu", plan.gpu and plan.gpu + (" (simulated)" if plan.simulated else "")),
            ("instance type", plan.instance_type),
            ("instances", str(plan.num_instances)),
            ("price per hour", plan.price_per_hour and price(plan.price_per_hour)),
            ("engine", str(plan.engine)),
            ("warning", plan.warning),
        ]
        output.fields([(name, value) for name, value in lines if value])
        marks = _MARKS if _draws_marks() else _PLAIN_MARKS
        for check in plan.checks:
            mark = marks.get(check.outcome, "?")
            detail = f": {check.detail}" if check.detail else ""
            output.result(f"{mark} {output.escape(check.name + detail)}")
    context.exit(0 if plan.feasible else FAILED)


def _draws_marks() -> bool:
    return sys.stdout is not None and sys.stdout.encoding.lower().startswith("utf")
