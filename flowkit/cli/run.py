"""`flowkit run`: submit, stream, exit with the task's code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowkit.cli import options, outcome, output
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import Terminated, after_submission
from flowkit.cli.task_options import task_config, task_options
from flowkit.cli.task_output import write_output
from flowkit.errors import WaitTimeout

if TYPE_CHECKING:
    from flowkit import Flow, Task, TaskConfig

# Most tasks start at once, and then there is no queue to speak of.
_NOTICE_AFTER = 1.0


@options.command(interspersed=False)
@task_options
@click.option("-d", "--detach", is_flag=True, help="Print the task id and return at once.")
@options.output_option(
    "text", "With json, the task goes to stdout when it ends, its output to stderr."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors on stderr.")
@click.pass_context
def command(context: click.Context, /, detach: bool, quiet: bool, json: bool, **given: Any) -> None:
    """Run COMMAND, stream its output, and exit with its exit code.

    Options end at the first word of COMMAND. One single argument with spaces or shell syntax is
    run by bash; words are executed as they are. Ctrl-C leaves the task running and says how to
    come back to it. With --num-instances each line begins with the number of its machine.

    \b
      flowkit run --gpu a100:2 -- python train.py --lr 0.1
      flowkit run "python train.py | tee train.log"
      flowkit run -f task.yaml
    """
    config = task_config(**given)
    with open_flow() as flow:
        task = _submit(flow, config)
        if not quiet:
            outcome.simulated_notice(task)
        if detach:
            if json:
                output.result_json(task.data)
            else:
                output.result(task.id)
            return
        if not quiet:
            output.notice(f"{task.id} submitted")
        context.exit(_stream(flow, task, quiet=quiet, json=json))


def _submit(flow: Flow, config: TaskConfig) -> Task:
    try:
        return flow.tasks.create(config)
    except (KeyboardInterrupt, Terminated):
        output.notice("interrupted: `flowkit ps` shows whether the task was accepted")
        raise


def _stream(flow: Flow, task: Task, *, quiet: bool, json: bool) -> int:
    try:
        with after_submission(task.id):
            if not quiet:
                _announce_queue(flow, task)
            several = (task.num_instances or 1) > 1
            write_output(
                flow.tasks.log_chunks(task, follow=True, node="all" if several else None),
                stdout=output.STDERR if json else output.STDOUT,
            )
            flow.tasks.wait(task)
            if json:
                output.result_json(task.data)
            return outcome.exit_code(task)
    except (KeyboardInterrupt, Terminated):
        output.notice(
            f"detached: {task.id} goes on\n"
            f"  flowkit logs -f {task.id}   to come back to it\n"
            f"  flowkit cancel {task.id}    to end it"
        )
        raise


def _announce_queue(flow: Flow, task: Task) -> None:
    try:
        flow.tasks.wait(task, until="running", timeout=_NOTICE_AFTER)
    except WaitTimeout:
        outcome.queue_notice(task)
