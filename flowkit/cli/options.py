"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

import click

from flowkit.cli.errors import BadInput
from flowkit.errors import FlowError

Decorated = TypeVar("Decorated", bound=Callable[..., object])

_CONNECTION = "flowkit.connection"


class Parsed(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 alone
    """A value that one of flowkit's own grammars reads.

    Args:
        name: What the help calls the value.
        function: `module:function`, imported when there is a value to read.
    """

    def __init__(self, name: str, function: str) -> None:
        self.name = name
        self._function = function

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Read the value.

        Raises:
            BadInput: It does not parse; the message starts with the option.
        """
        if not isinstance(value, str):
            return value
        module, _, function = self._function.partition(":")
        try:
            return getattr(import_module(module), function)(utf8(value))
        except FlowError as error:
            option = f"{param.opts[-1]}: " if param is not None else ""
            raise BadInput(f"{option}{error.message}", hint=error.hint) from error


class Text(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 alone
    """Text as its bytes stand on the command line; JSON can carry UTF-8 alone."""

    name = "text"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the text.

        Raises:
            BadInput: The bytes are not UTF-8.
        """
        return utf8(value) if isinstance(value, str) else value


class Priority(Text):
    """A number, or one of the names that `TaskConfig` knows."""

    name = "priority"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the number, or the name as it is."""
        text = super().convert(value, param, ctx)
        try:
            return int(text) if isinstance(text, str) else text
        except ValueError:
            return text


TEXT = Text()
PRIORITY = Priority()
DURATION = Parsed("duration", "flowkit.durations:parse_duration")
MEMORY = Parsed("size", "flowkit.sizes:parse_memory_gb")


def utf8(argument: str) -> str:
    """Return the text that an argument's bytes are in UTF-8, whatever the locale made of them.

    Raises:
        BadInput: They are not UTF-8.
    """
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        shown = os.fsencode(argument).decode("utf-8", "backslashreplace")
        raise BadInput(
            f"not UTF-8: {shown[:80]}",
            hint="arguments travel as JSON; write such bytes with a shell, as in $'\\xff' inside "
            "a script of the task",
        ) from None


def connection_options() -> list[click.Option]:
    """Return `--api-url --project --profile`, which a command and `flowkit` itself both take."""
    return [
        click.Option(
            [f"--{name.replace('_', '-')}", name],
            type=TEXT,
            metavar=metavar,
            help=text,
            expose_value=False,
            callback=_remember,
        )
        for name, metavar, text in (
            ("api_url", "URL", "Gateway to use instead of the configured or embedded one."),
            ("project", "NAME", "Project to work in."),
            ("profile", "NAME", "Profile of the config file to use."),
        )
    ]


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None and parameter.name is not None:
        # Meta is shared by the contexts of a command line; the inner one is parsed later.
        connection(context)[parameter.name] = value


def connection(context: click.Context | None = None) -> dict[str, str]:
    """Return what `--api-url --project --profile` were given, to be changed in place."""
    context = context or click.get_current_context()
    remembered: dict[str, str] = context.meta.setdefault(_CONNECTION, {})
    return remembered


def output_option(
    plain: str = "table", help: str = "Print a table for people or JSON for programs."
) -> Callable[[Decorated], Decorated]:
    """Add `-o/--output`, passed on as `json: bool`.

    Args:
        plain: What is printed unless it is JSON.
        help: What the help says.
    """
    return click.option(
        "-o",
        "--output",
        "json",
        type=click.Choice([plain, "json"]),
        default=plain,
        callback=lambda _context, _parameter, value: value == "json",
        help=help,
    )


def command(*, interspersed: bool = True) -> Callable[[Callable[..., object]], click.Command]:
    """Make a command that takes the connection options and `-h`.

    Args:
        interspersed: Whether options may follow arguments; else they end at the first one.
    """

    def make(function: Callable[..., object]) -> click.Command:
        made = click.command(
            context_settings={
                "help_option_names": ["-h", "--help"],
                "allow_interspersed_args": interspersed,
            }
        )(function)
        made.params.extend(connection_options())
        return made

    return make
