"""`flowkit secret`: values that tasks are handed by name, and that nobody is shown."""

from __future__ import annotations

import sys

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.connection import open_flow
from flowkit.cli.errors import BadInput
from flowkit.cli.input_file import read_at_most
from flowkit.cli.task_view import age

_LARGEST_BYTES = 4 * 131_072
"""More than the longest value has in UTF-8."""


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def command() -> None:
    """Keep values that tasks are handed by name: flowkit run --secret HF_TOKEN ...

    Values are encrypted on the gateway's disk and never shown again.
    """


@options.command()
@click.argument("name", type=options.TEXT)
@click.argument("value", required=False, type=options.TEXT)
@options.output_option()
def set_(name: str, value: str | None, json: bool) -> None:
    """Keep a value under NAME; one that NAME has is replaced.

    Without VALUE, or with -, it is read from the terminal or stdin, without the newline at its
    end: so it stays out of the shell's history and of the list of processes.

    \b
      flowkit secret set HF_TOKEN
      flowkit secret set GCP_KEY < key.json
    """
    from flowkit.secret_values import read_secret_name

    read_secret_name(name)
    if value is None or value == "-":
        value = _read_value(name)
    else:
        output.notice("the value stands in the shell's history; without it, it is asked for")
    with open_flow() as flow:
        secret = flow.secrets.set(name, value)
    if json:
        output.result_json(secret)
    else:
        output.notice(f"{secret.name} is set")


@options.command()
@options.output_option()
def ls(json: bool) -> None:
    """List the secrets by name, without their values."""
    with open_flow() as flow:
        secrets = list(flow.secrets.list())
    if json:
        output.result_json(secrets)
        return
    rows = [(each.name, age(each.updated_at), each.created_by or "") for each in secrets]
    output.table(("NAME", "SET", "BY"), rows, empty="no secrets")


@options.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...", type=options.TEXT)
@options.output_option()
def rm(names: tuple[str, ...], json: bool) -> None:
    """Forget each NAME. Queued tasks that are to be handed it will fail."""
    with open_flow() as flow:
        for name in names:
            flow.secrets.delete(name)
            if not json:
                output.result(name)
    if json:
        output.result_json(list(names))


def _read_value(name: str) -> str:
    hint = f"flowkit secret set {name} < FILE"
    if sys.stdin is None:
        raise BadInput("there is no value to set", hint=hint)
    if sys.stdin.isatty():
        from getpass import getpass

        value = getpass(f"{name}: ")
    else:
        try:
            data = read_at_most(sys.stdin.fileno(), _LARGEST_BYTES + 1)
            value = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except OSError as error:
            raise BadInput(f"cannot read the value from stdin: {error.strerror}") from error
        except UnicodeDecodeError:
            # Its cause would hold the value.
            raise BadInput("the value on stdin is not UTF-8 text", hint=hint) from None
    if not value:
        raise BadInput(f"the value of {name} is empty", hint=hint)
    return value


command.add_command(set_, "set")
command.add_command(ls, "ls")
command.add_command(rm, "rm")
