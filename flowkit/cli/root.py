"""The `flowkit` command itself: finds a command's module when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from flowkit._version import __version__
from flowkit.cli.errors import BadInput
from flowkit.cli.options import connection_options
from flowkit.cli.overview import COMMANDS, overview


class LazyGroup(click.Group):
    """A group whose commands are imported one at a time, when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name.

        Raises:
            BadInput: There is no such command.
        """
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            from difflib import get_close_matches

            close = get_close_matches(name, COMMANDS, n=1)
            raise BadInput(
                f"no such command: {name}",
                hint=f"did you mean `flowkit {close[0]}`?" if close else "see `flowkit --help`",
            )
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help that is also given before click is loaded."""
        formatter.write(overview())


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="flowkit %(version)s")
def root() -> None:
    """Run GPU work on this machine, a shared gateway, a cluster or a cloud."""


root.params.extend(connection_options())
