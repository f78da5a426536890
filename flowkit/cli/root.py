"""The `flowkit` command itself: finds a command's module when it is called."""

from __future__ import annotations

from importlib import import_module

import click

from flowkit._version import __version__
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.options import connection_options
from flowkit.cli.overview import COMMANDS, overview


class LazyGroup(Group):
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

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help that is also given before click is loaded."""
        formatter.write(overview())


@click.group(cls=LazyGroup, context_settings=CONTEXT_SETTINGS)
@click.version_option(__version__, message="flowkit %(version)s")
def root() -> None:
    """Run GPU work on this machine, a shared gateway, a cluster or a cloud."""


root.params.extend(connection_options())
