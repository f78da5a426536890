"""Options that several commands share, and the types of their values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import click

from flowkit.cli.commands import CONTEXT_SETTINGS, Command
from flowkit.cli.errors import BadInput
from flowkit.errors import FlowError
from flowkit.suggestions import did_you_mean

Decorated = TypeVar("Decorated", bound=Callable[..., object])

_CONNECTION = "flowkit.connection"
_MOST = 1_000_000_000


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
            return getattr(import_module(module), function)(utf8(value, _name(param)))
        except FlowError as error:
            raise BadInput(f"{_name(param)}: {error.message}", hint=error.hint) from error


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
        return utf8(value, _name(param)) if isinstance(value, str) else value


class Priority(Text):
    """A number, or one of the names that `TaskConfig` knows."""

    name = "priority"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the number, or the name as it is."""
        text = super().convert(value, param, ctx)
        if isinstance(text, str) and re.fullmatch("[+-]?[0-9]{1,9}", text):
            return int(text)
        return text


class Number(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 alone
    """A number in plain decimal digits.

    Args:
        least: The least one.
        most: The largest one.
        whole: Whether it has no fraction; else it is more than `least`.
    """

    name = "number"

    def __init__(self, least: int = 0, most: int = _MOST, *, whole: bool = True) -> None:
        self._least = least
        self._most = most
        self._whole = whole

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the number.

        Raises:
            BadInput: It is none, or out of range.
        """
        if not isinstance(value, str):
            return value
        pattern = "-?[0-9]{1,30}"
        if not self._whole:
            pattern += r"(\.[0-9]{1,30})?|-?\.[0-9]{1,30}"
        if not re.fullmatch(pattern, value):
            example = "4" if self._whole else "4 or 0.5"
            raise BadInput(
                f"{_name(param)}: {value[:60]!r} is not a {'whole ' if self._whole else ''}number",
                hint=f"write it in digits, as in {example}",
            )
        number = int(value) if self._whole else float(value)
        if number < self._least or (not self._whole and number == self._least):
            kind = "at least" if self._whole else "more than"
            raise BadInput(
                f"{_name(param)}: {value} is too small", hint=f"it is {kind} {self._least}"
            )
        if number > self._most:
            raise BadInput(
                f"{_name(param)}: {value} is too large", hint=f"it is at most {self._most}"
            )
        return number


class Choice(click.Choice):  # type: ignore[type-arg]  # generic since click 8.2 alone
    """One of several words."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """Return the word.

        Raises:
            BadInput: It is none of them.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            words = [str(choice) for choice in self.choices]
            raise BadInput(
                f"{_name(param)}: {str(value)[:60]!r} is not one of {', '.join(words)}",
                hint=did_you_mean(str(value).lower(), words) or _see_help(ctx),
            ) from error


class FileName(click.Path):
    """The name of a file or directory, which need not be there; shells complete it.

    Args:
        path_type: What to make of it.
    """

    def __init__(self, path_type: type[str] | type[Path] = str) -> None:
        # Whoever opens it says in flowkit's words what is wrong with it.
        super().__init__(path_type=path_type, readable=False)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Return the name.

        Raises:
            BadInput: It is empty, as that of a variable that is not set.
        """
        if value == "":
            raise BadInput(f"{_name(param)}: the name is empty", hint=_see_help(ctx))
        return super().convert(value, param, ctx)


TEXT = Text()
PRIORITY = Priority()
COUNT = Number(1)
CPUS = Number(whole=False)
DURATION = Parsed("duration", "flowkit.durations:parse_duration")
MEMORY = Parsed("size", "flowkit.sizes:parse_memory_gb")


def _name(param: click.Parameter | None) -> str:
    """Return what the user calls a parameter."""
    if param is None:
        return "argument"
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


def _see_help(ctx: click.Context | None) -> str | None:
    return None if ctx is None else f"see `{ctx.command_path} --help`"


def utf8(argument: str, name: str = "argument") -> str:
    """Return the text that an argument's bytes are in UTF-8, whatever the locale made of them.

    Args:
        argument: As it stands in `sys.argv`.
        name: What to call it in an error.

    Raises:
        BadInput: They are not UTF-8.
    """
    try:
        return os.fsencode(argument).decode("utf-8")
    except UnicodeError:
        shown = os.fsencode(argument).decode("utf-8", "backslashreplace")
        raise BadInput(
            f"{name}: not UTF-8: {shown[:80]}",
            hint="flowkit sends text alone; a script of the task can write other bytes, "
            "as in $'\\xff'",
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
        type=Choice([plain, "json"]),
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
            cls=Command,
            context_settings=CONTEXT_SETTINGS | {"allow_interspersed_args": interspersed},
        )(function)
        made.params.extend(connection_options())
        return made

    return make
