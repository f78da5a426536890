"""`flowkit config`: the settings in force, and where they come from."""

from __future__ import annotations

import sys

import click

from flowkit.cli import options, output
from flowkit.cli.commands import CONTEXT_SETTINGS, Group
from flowkit.cli.errors import BadInput
from flowkit.cli.options import connection

_KEYS = ("api_url", "api_key", "project", "default_profile")


@click.group(cls=Group, invoke_without_command=True, context_settings=CONTEXT_SETTINGS)
@options.output_option()
@click.pass_context
def command(context: click.Context, /, json: bool) -> None:
    """Show the settings in force; `config show` does the same."""
    if context.invoked_subcommand is None:
        context.invoke(show, json=json)


command.params.extend(options.connection_options())


@options.command()
@options.output_option()
def show(json: bool) -> None:
    """Show each setting with its source; the key is masked."""
    from flowkit.config import resolve_settings

    settings = resolve_settings(**connection())
    values = {
        "api_url": settings.api_url,
        "api_key": None if settings.api_key is None else "***",
        "project": settings.project,
        "profile": settings.profile,
    }
    if json:
        output.result_json(
            {
                name: {"value": value, "source": settings.sources.get(name, "default")}
                for name, value in values.items()
            }
        )
        return
    values["api_url"] = values["api_url"] or "(embedded gateway)"
    rows = [
        (name, value or "", settings.sources.get(name, "default")) for name, value in values.items()
    ]
    output.table(("SETTING", "VALUE", "SOURCE"), rows, empty="no settings")


@options.command()
def path() -> None:
    """Print the path of the config file."""
    from flowkit.config import config_file

    output.result(str(config_file()))


@options.command()
@click.argument("key", type=options.Choice(_KEYS), metavar="KEY")
@click.argument("value", required=False, type=options.TEXT)
def set_(key: str, value: str | None) -> None:
    """Write KEY = VALUE to the config file: api_url, api_key, project or default_profile.

    With --profile, to that profile. Without VALUE it is read from the terminal or stdin: so a
    key stays out of the shell's history.

    \b
      flowkit config set api_url https://gpu.example.org --profile lab
      flowkit config set api_key --profile lab
      flowkit config set default_profile lab
    """
    from flowkit.cli.config_file import set_value
    from flowkit.config import SETTINGS, check_setting, config_file

    if value is None:
        value = _read_value(key)
    if key in SETTINGS and value:
        value = check_setting(key, value, "argument")
    profile = connection().get("profile")
    if profile is not None and not (profile.strip() and profile.isprintable()):
        raise BadInput(f"--profile: invalid name {profile[:60]!r}", hint="use printable text")
    if key == "default_profile" and profile is not None:
        raise BadInput("default_profile belongs to no profile", hint="leave out --profile")
    set_value(config_file(), key, value, profile=profile)
    output.notice(output.escape(f"{key} is set in {config_file()}"))


def _read_value(key: str) -> str:
    if sys.stdin is None:
        raise BadInput("there is no value to set", hint=f"flowkit config set {key} VALUE")
    if sys.stdin.isatty():
        from getpass import getpass

        return getpass(f"{key}: ")
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"cannot read {key} from stdin: {reason}") from error


command.add_command(show, "show")
command.add_command(set_, "set")
command.add_command(path, "path")
