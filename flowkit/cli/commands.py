"""Commands and groups whose complaints name the command, and suggest what may have been meant."""

from __future__ import annotations

import click

from flowkit.cli.errors import BadInput
from flowkit.suggestions import closest

CONTEXT_SETTINGS = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command whose wrong options are reported with its name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments.

        Raises:
            UsageError: They are wrong; it knows this command.
        """
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            # Click's parser does not know which command it reads for.
            error.ctx = error.ctx or ctx
            raise


class Group(click.Group):
    """A group that suggests the closest of its commands."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments that stand before the command.

        Raises:
            UsageError: They are wrong; it knows this group.
        """
        # Without a command the answer is one line as well, and not all of the help.
        self.no_args_is_help = False
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name.

        Raises:
            BadInput: There is no such command.
        """
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not ctx.resilient_parsing:
            path, close = ctx.command_path, closest(name, known)
            raise BadInput(
                f"no such command: {name or repr(name)}",
                hint=f"did you mean `{path} {close}`?" if close else f"see `{path} --help`",
            )
        return super().resolve_command(ctx, args)
