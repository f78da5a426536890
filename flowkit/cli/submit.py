"""`flowkit submit`: submit and return."""

from __future__ import annotations

from typing import Any

from flowkit.cli import options, outcome, output
from flowkit.cli.connection import open_flow
from flowkit.cli.task_options import task_config, task_options


@options.command(interspersed=False)
@task_options
@options.output_option()
def command(json: bool, **given: Any) -> None:
    """Submit COMMAND and print its task id.

    Options end at the first word of COMMAND.

    \b
      id=$(flowkit submit --gpu a100 -- python train.py)
      flowkit wait "$id"
    """
    config = task_config(**given)
    with open_flow() as flow:
        task = flow.tasks.create(config)
        outcome.simulated_notice(task)
        if json:
            output.result_json(task.data)
        else:
            output.result(task.id)
