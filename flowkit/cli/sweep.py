"""`flowkit sweep`: run a command for every combination of values, and look after such sweeps."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import FAILED, NOT_FOUND, OK, BadInput, Failure, Terminated
from flowkit.cli.options import COUNT, TEXT, Decorated, utf8
from flowkit.cli.task_options import task_config, task_options
from flowkit.suggestions import closest

if TYPE_CHECKING:
    from flowkit_api.models import SweepCase

    from flowkit import Flow, Sweep

_NEWEST = 20


class SweepGroup(Group):
    """A group whose first word is one of its commands, or begins what is to be swept."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; those of no other command are those of `run`."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=SweepGroup, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Run COMMAND for every combination of the values of its parameters.

    `flowkit sweep [OPTIONS] COMMAND` is short for `flowkit sweep run [OPTIONS] COMMAND`, whose
    `--help` lists the options. The gateway runs the sweep: it goes on without this process.

    \b
      flowkit sweep --param LR=linspace:0.1,0.5,5 --param SEED=case:1,2,3 \\
        --max-parallel 4 -- python train.py --lr {LR} --seed {SEED}
    """


def _table_option(function: Decorated) -> Decorated:
    return click.option(
        "-o",
        "--output",
        "form",
        type=options.Choice(["table", "csv", "json"]),
        default="table",
        help="How to print the table of cases.",
    )(function)


@options.command(interspersed=False)
@task_options
@click.option(
    "--param",
    "parameters",
    type=TEXT,
    multiple=True,
    metavar="NAME=VALUES",
    help="Values: case:a,b,c or range:0,10,2 or linspace:0,1,5. Repeatable.",
)
@click.option("--zip", "zipped", is_flag=True, help="Take the values side by side.")
@click.option("--max-parallel", type=COUNT, metavar="N", help="Most cases at a time.")
@click.option("--fail-fast", is_flag=True, help="Stop everything once a case has failed.")
@click.option("-d", "--detach", is_flag=True, help="Print the sweep's id and return at once.")
@_table_option
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors on stderr.")
@click.pass_context
def run(
    context: click.Context,
    /,
    parameters: tuple[str, ...],
    zipped: bool,
    max_parallel: int | None,
    fail_fast: bool,
    detach: bool,
    form: str,
    quiet: bool,
    **given: Any,
) -> None:
    """Run COMMAND for every combination of values, and print what became of each.

    {NAME} of a parameter is replaced in COMMAND and in the values of --env; other braces stay,
    and so does ${NAME}, where the shell finds the same value. Exits with 0 when all cases have
    completed, else with 1. Ctrl-C leaves the sweep running and says how to come back to it.

    \b
      flowkit sweep --param N=range:4 --max-parallel 2 -- echo {N}
    """
    if not parameters:
        raise BadInput("there is no --param to sweep over", hint=_hint_without(given["command"]))
    config = task_config(**given)
    values = _parameters(parameters)
    with open_flow() as flow:
        sweep = flow.sweeps.create(
            config,
            values,
            combine="zip" if zipped else "product",
            max_parallel=max_parallel,
            on_failure="stop" if fail_fast else "continue",
        )
        if detach:
            _print_id(sweep, form)
            return
        with _detaching(sweep):
            if not quiet:
                output.notice(f"{sweep.id} submitted: {_counted(len(sweep))}")
            _follow(sweep, quiet=quiet)
        _print_cases(sweep, form)
        context.exit(_exit_code(sweep))


@options.command()
@click.option("-a", "--all", "every", is_flag=True, help="List all sweeps, not the newest 20.")
@click.option("--name", type=TEXT, metavar="NAME", help="Only sweeps of this name.")
@options.output_option()
def ls(every: bool, name: str | None, json: bool) -> None:
    """List sweeps, newest first: the newest 20 unless told otherwise."""
    with open_flow() as flow:
        sweeps = list(flow.sweeps.list(name=name, limit=None if every else _NEWEST))
        if json:
            output.result_json([sweep.data for sweep in sweeps])
            return
        columns = ("ID", "NAME", "STATUS", "ENDED", "FAILED", "AGE", "PARAMETERS")
        output.table(columns, [_row(sweep) for sweep in sweeps], empty="no sweeps")


@options.command()
@click.argument("sweep", metavar="SWEEP")
@_table_option
def show(sweep: str, form: str) -> None:
    """Print what became of each case of SWEEP, given by id or name."""
    with open_flow() as flow:
        found = _find(flow, sweep)
        if form == "table":
            output.fields(_fields(found))
        _print_cases(found, form)


@options.command()
@click.argument("sweep", metavar="SWEEP")
@click.option("--timeout", type=options.DURATION, metavar="DURATION", help="Wait no longer.")
@_table_option
@click.pass_context
def wait(context: click.Context, /, sweep: str, timeout: float | None, form: str) -> None:
    """Wait until all cases of SWEEP have ended, and print what became of each.

    Exits with 0 when all have completed, with 1 when some have not, and with 124 when the time
    is over; the sweep goes on.
    """
    with open_flow() as flow:
        found = _find(flow, sweep)
        if timeout is None:
            with _detaching(found):
                _follow(found, quiet=False)
        else:
            found.wait(timeout=timeout)
        _print_cases(found, form)
        context.exit(_exit_code(found))


def _changing(name: str, change: Callable[[Sweep], Sweep], text: str) -> click.Command:
    """Return a command that changes sweeps and prints the state that each is in then."""

    @click.argument("sweeps", nargs=-1, required=True, metavar="SWEEP...")
    @options.output_option()
    def changing(sweeps: tuple[str, ...], json: bool) -> None:
        with open_flow() as flow:
            # All are looked up before the first is changed.
            changed = [change(found) for found in [_find(flow, sweep) for sweep in sweeps]]
            if json:
                output.result_json([sweep.data for sweep in changed])
                return
            for sweep in changed:
                output.result(f"{sweep.id} {sweep.status}")

    changing.__doc__ = text
    changing.__name__ = name
    return options.command()(changing)


cancel = _changing(
    "cancel",
    lambda sweep: sweep.cancel(),
    "Cancel each SWEEP: its tasks, and the cases that have none yet.",
)
retry = _changing(
    "retry",
    lambda sweep: sweep.retry(),
    "Run those cases of each SWEEP again that failed or were cancelled.",
)


@options.command()
@click.argument("sweeps", nargs=-1, required=True, metavar="SWEEP...")
def delete(sweeps: tuple[str, ...]) -> None:
    """Delete each SWEEP, which has ended; the tasks of its cases stay."""
    with open_flow() as flow:
        for found in [_find(flow, sweep) for sweep in sweeps]:
            found.delete()


for each in (run, ls, show, wait, cancel, retry, delete):
    command.add_command(each)


def _hint_without(words: tuple[str, ...]) -> str:
    close = closest(words[0], command.commands) if words else None
    if close is not None:
        return f"did you mean `flowkit sweep {close}`?"
    return "as in flowkit sweep --param LR=case:0.1,0.2 -- python train.py --lr {LR}"


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for item in given:
        name, equals, values = item.partition("=")
        if not equals:
            raise BadInput(
                f"--param: {item[:60]!r} is not NAME=VALUES", hint="as in --param LR=case:0.1,0.2"
            )
        if name in parameters:
            raise BadInput(f"--param: {name} is given twice", hint="list all of its values in one")
        parameters[name] = values
    return parameters


def _find(flow: Flow, text: str) -> Sweep:
    """Return a sweep given by id or name; a name means its newest sweep."""
    reference = utf8(text, "SWEEP")
    if re.fullmatch("sweep_[0-9a-z]{26}", reference):
        return flow.sweeps.get(reference)
    if re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,127}", reference):
        for sweep in flow.sweeps.list(name=reference, limit=1):
            return sweep
    raise Failure(
        f"no sweep has the id or name {reference[:100]!r}",
        hint="`flowkit sweep ls` lists the sweeps",
        exit_code=NOT_FOUND,
    )


@contextmanager
def _detaching(sweep: Sweep) -> Iterator[None]:
    """Say how to come back to a sweep when it is left."""
    try:
        yield
    except (KeyboardInterrupt, Terminated):
        output.notice(
            f"detached: {sweep.id} goes on\n"
            f"  flowkit sweep wait {sweep.id}     to come back to it\n"
            f"  flowkit sweep cancel {sweep.id}   to end it"
        )
        raise


def _follow(sweep: Sweep, *, quiet: bool) -> None:
    """Say of each case that it has ended, until all have."""
    if quiet:
        sweep.wait()
    elif os.isatty(output.STDERR):
        from flowkit.cli.sweep_progress import follow_with_bar

        follow_with_bar(sweep)
    else:
        for place, case in enumerate(sweep.follow(), 1):
            output.notice(f"{place}/{len(sweep)} {_in_words(case)}")


def _in_words(case: SweepCase) -> str:
    values = " ".join(f"{name}={value}" for name, value in case.parameters.items())
    how = (
        f"{case.status}"
        if case.exit_code is None
        else f"{case.status} (exit code {case.exit_code})"
    )
    message = f": {case.message}" if case.message and case.exit_code is None else ""
    return output.escape(f"case {case.number} {how}  {values}{message}")


def _print_id(sweep: Sweep, form: str) -> None:
    if form == "json":
        output.result_json(sweep.data)
    else:
        output.result(sweep.id)


def _print_cases(sweep: Sweep, form: str) -> None:
    from flowkit.sweep_fields import csv_text

    rows = sweep.table()
    if form == "json":
        output.result_json(rows)
    elif form == "csv":
        if output.on_terminal():
            rows = [{name: _safe(cell) for name, cell in row.items()} for row in rows]
        output.result(csv_text(rows).removesuffix("\n"))
    else:
        cells = [["" if cell is None else str(cell) for cell in row.values()] for row in rows]
        output.table([name.upper() for name in rows[0]], cells, empty="no cases")


def _safe(cell: str | int | None) -> str | int | None:
    return output.escape(cell) if isinstance(cell, str) else cell


def _exit_code(sweep: Sweep) -> int:
    return OK if sweep.status == "completed" else FAILED


def _counted(cases: int) -> str:
    return f"{cases} case" if cases == 1 else f"{cases} cases"


def _ended(sweep: Sweep) -> str:
    progress = sweep.progress
    return f"{progress.total - progress.pending - progress.active}/{progress.total}"


def _row(sweep: Sweep) -> tuple[str, ...]:
    from flowkit.cli.task_view import age

    return (
        sweep.id,
        sweep.name or "",
        str(sweep.status),
        _ended(sweep),
        str(sweep.progress.failed),
        age(sweep.created_at),
        " ".join(f"{name}({len(values)})" for name, values in sweep.parameters.items()),
    )


def _fields(sweep: Sweep) -> list[tuple[str, str]]:
    progress = sweep.progress
    counts = {
        name: getattr(progress, name)
        for name in ("pending", "active", "completed", "failed", "cancelled")
    }
    return [
        ("sweep", sweep.id),
        *([("name", sweep.name)] if sweep.name else []),
        ("status", str(sweep.status)),
        ("cases", ", ".join(f"{count} {name}" for name, count in counts.items() if count)),
    ]
