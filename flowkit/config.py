"""Where the gateway is and how to sign in: arguments, environment, files, or embedded.

Precedence, setting by setting: argument; `FLOWKIT_API_URL`, `FLOWKIT_API_KEY`, `FLOWKIT_PROJECT`,
`FLOWKIT_PROFILE`; `.flowkit.toml` in or above the working directory (never a key);
`~/.config/flowkit/config.toml`; and with no URL anywhere, the embedded gateway. `FLOWKIT_HOME`
moves configuration, state and data together.

    # ~/.config/flowkit/config.toml, readable by its owner alone
    default_profile = "lab"

    [profiles.lab]
    api_url = "https://gpu.lab.example.org"
    api_key = "..."
    project = "vision"

Settings outside of `[profiles]` are those of the profile `default`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from flowkit.errors import ConfigError
from flowkit.private_files import check_owner
from flowkit.suggestions import did_you_mean

SETTINGS = ("api_url", "api_key", "project")
IDLE_TIMEOUT = "FLOWKIT_GATEWAY_IDLE_TIMEOUT"
SIMULATE = "FLOWKIT_SIMULATE"
PROJECT_FILE = ".flowkit.toml"
_DEFAULT_PROFILE = "default"


class Settings(NamedTuple):
    """What a client needs to know; `api_url` is None for the embedded gateway."""

    api_url: str | None
    api_key: str | None
    project: str | None
    profile: str | None
    sources: dict[str, str]
    """Where each setting that is set comes from, in words."""

    def __repr__(self) -> str:
        shown = self._replace(api_key="***") if self.api_key is not None else self
        fields = ", ".join(f"{name}={value!r}" for name, value in shown._asdict().items())
        return f"Settings({fields})"


def resolve_settings(
    *,
    api_url: str | None = None,
    api_key: str | None = None,
    project: str | None = None,
    profile: str | None = None,
) -> Settings:
    """Return the settings in force.

    Args:
        api_url: Where the gateway is; the embedded one unless something says where.
        api_key: What to sign in with.
        project: The project to work in.
        profile: Which profile of the configuration file to use.

    Raises:
        ConfigError: a file, a variable or an argument is wrong; the message names it.
    """
    found = _Found()
    found.take("argument", {"api_url": api_url, "api_key": api_key, "project": project})
    found.take_environment()
    shared: dict[str, str] = {}
    if (project_file := _project_file()) is not None:
        shared = _read_project_file(project_file)
        found.take(str(project_file), shared)
    wanted, wanted_by = _wanted_profile(profile, shared.get("profile"), project_file)
    chosen, own = _read_profile(config_file(), wanted, wanted_by)
    found.take(f"{config_file()}, profile {chosen}", own)
    _check_key(found, own, project_file)
    return Settings(
        api_url=found.values.get("api_url"),
        api_key=found.values.get("api_key"),
        project=found.values.get("project"),
        profile=chosen,
        sources=found.sources,
    )


def check_setting(name: str, value: str, source: str) -> str:
    """Return a setting's value as it is used.

    Args:
        name: One of `SETTINGS`.
        value: What somebody wrote.
        source: Where, in words.

    Raises:
        ConfigError: it cannot be the value of this setting.

    Example:
        >>> check_setting("api_url", "https://gpu.example.org/", "argument")
        'https://gpu.example.org'
    """
    return _CHECKS[name](value, source)


def config_file() -> Path:
    """Return where the user's configuration is, whether or not it is there.

    Raises:
        ConfigError: there is no home directory to look in.
    """
    return _directory("XDG_CONFIG_HOME", ".config") / "config.toml"


def check_gateway_environment() -> None:
    """Refuse variables that a gateway which is about to be started cannot use.

    Raises:
        ConfigError: one of them is wrong.
    """
    text = os.environ.get(IDLE_TIMEOUT)
    if text is not None and not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise ConfigError(
            f"invalid {IDLE_TIMEOUT} {text[:60]!r}: it is not a number of seconds",
            hint="write it as 900, or 0 for a gateway that stays",
        )
    if (text := os.environ.get(SIMULATE, "")).lower() not in ("", "never"):
        raise ConfigError(
            f"invalid {SIMULATE} {text[:60]!r}", hint="write never, or unset it for simulated GPUs"
        )


def gateway_dir() -> Path:
    """Return where the embedded gateway keeps its data, whether or not it is there.

    Raises:
        ConfigError: there is no home directory to look in.
    """
    return _directory("XDG_DATA_HOME", ".local/share") / "gateway"


def code_cache_dir() -> Path:
    """Return where is kept what was read of source trees, whether or not it is there.

    Raises:
        ConfigError: there is no home directory to look in.
    """
    return _directory("XDG_CACHE_HOME", ".cache") / "code"


def _directory(variable: str, default: str) -> Path:
    try:
        if home := os.environ.get("FLOWKIT_HOME"):
            return Path(home).expanduser().absolute()
        # The XDG specification has relative paths ignored.
        if (base := os.environ.get(variable, "")).startswith("/"):
            return Path(base) / "flowkit"
        return Path.home() / default / "flowkit"
    except (RuntimeError, FileNotFoundError) as error:
        # The home of nobody, or a path relative to a directory that has been removed.
        raise ConfigError(
            "there is no home directory for flowkit",
            hint="set FLOWKIT_HOME to the absolute path of a directory",
        ) from error


class _Found:
    """Settings as they are found: the first one stays."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.sources: dict[str, str] = {}

    def take(self, source: str, values: Mapping[str, str | None]) -> None:
        for name in SETTINGS:
            value = values.get(name)
            if value is not None and name not in self.values:
                self.values[name] = check_setting(name, value, source)
                self.sources[name] = source

    def take_environment(self) -> None:
        for name in SETTINGS:
            variable = f"FLOWKIT_{name.upper()}"
            self.take(variable, {name: os.environ.get(variable) or None})


def _check_key(found: _Found, own: Mapping[str, str], project_file: Path | None) -> None:
    url_source, key_source = found.sources.get("api_url"), found.sources.get("api_key")
    if url_source is None and key_source == "argument":
        raise ConfigError("an api_key needs an api_url", hint="leave it out to run on this machine")
    # A checkout from a stranger must not have the user's key sent where it pleases.
    if (
        project_file is not None
        and url_source == str(project_file)
        and key_source not in (None, "argument", "FLOWKIT_API_KEY")
        and own.get("api_url", "").rstrip("/") != found.values["api_url"]
    ):
        raise ConfigError(
            f"the key from {key_source} is not sent to {found.values['api_url']}, which "
            f"{project_file} names",
            hint="give that profile the same api_url, or set FLOWKIT_API_KEY",
        )


def _wanted_profile(
    argument: str | None, shared: str | None, project_file: Path | None
) -> tuple[str | None, str]:
    if argument is not None:
        if not isinstance(argument, str):
            raise ConfigError(
                f"invalid profile of type {type(argument).__name__}", hint="name one by its text"
            )
        return argument, "argument"
    if variable := os.environ.get("FLOWKIT_PROFILE"):
        return variable, "FLOWKIT_PROFILE"
    return shared, str(project_file)


def _project_file() -> Path | None:
    try:
        start = Path.cwd()
    except OSError:  # the working directory has been removed: there is nothing above it
        return None
    return next(
        (file for folder in (start, *start.parents) if (file := folder / PROJECT_FILE).is_file()),
        None,
    )


def _read_project_file(path: Path) -> dict[str, str]:
    document = _load(path)
    if "api_key" in document:
        raise ConfigError(
            f"{path}: an api_key does not belong into a file that is shared",
            hint=f"move it to {config_file()} or FLOWKIT_API_KEY",
        )
    return _strings(document, (*SETTINGS, "profile"), str(path))


def _read_profile(
    path: Path, wanted: str | None, wanted_by: str
) -> tuple[str | None, dict[str, str]]:
    document = _load(path)
    profiles = document.pop("profiles", {})
    if not isinstance(profiles, dict):
        raise ConfigError(f"{path}: profiles is no table", hint='write "[profiles.NAME]"')
    # Read when a gateway is started.
    document.pop("engines", None)
    top = _strings(document, (*SETTINGS, "default_profile"), str(path))
    if wanted is None and (wanted := top.pop("default_profile", None)) is not None:
        wanted_by = str(path)
    top.pop("default_profile", None)
    tables = {
        name: _strings(table, SETTINGS, f"{path}: profile {name}")
        for name, table in profiles.items()
    }
    if top and (twice := top.keys() & tables.get(_DEFAULT_PROFILE, {}).keys()):
        raise ConfigError(
            f"{path}: {min(twice)} of the profile {_DEFAULT_PROFILE} is given twice",
            hint="keep one of them",
        )
    if top:
        tables[_DEFAULT_PROFILE] = top | tables.get(_DEFAULT_PROFILE, {})
    if any("api_key" in table for table in tables.values()):
        _check_private(path)
    if wanted is None:
        return (_DEFAULT_PROFILE if tables.get(_DEFAULT_PROFILE) else None), tables.get(
            _DEFAULT_PROFILE, {}
        )
    if wanted not in tables:
        known = f"profiles there: {', '.join(sorted(tables))}" if tables else "it has no profile"
        raise ConfigError(
            f"profile {wanted!r} ({wanted_by}) is not in {path}",
            hint=did_you_mean(wanted, tables) or known,
        )
    return wanted, tables[wanted]


def read_toml(path: Path) -> tuple[str, dict[str, object]]:
    """Return the text of a file and what it means; nothing when it does not exist.

    Raises:
        ConfigError: it is another user's, cannot be read, or is not TOML; the message names it
            and the line.
    """
    try:
        if not path.exists():
            return "", {}
        # A pipe that nobody writes to would keep every command waiting.
        if not (path.is_file() or path.is_dir()):
            raise ConfigError(f"{path} is not a file", hint="move it away")
        # Whoever owns it says where tasks go, with all that is in them.
        check_owner(path)
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8", hint="mend it with an editor") from error
    except OSError as error:
        raise ConfigError(
            f"cannot read {path}: {error.strerror}", hint="make it readable, or set FLOWKIT_HOME"
        ) from error
    import tomllib

    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}", hint="mend it with an editor") from error
    except RecursionError as error:
        raise ConfigError(
            f"{path}: not TOML: nested too deeply", hint="mend it with an editor"
        ) from error


def _load(path: Path) -> dict[str, object]:
    return read_toml(path)[1]


def _strings(table: object, known: Sequence[str], where: str) -> dict[str, str]:
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: not a table", hint='write "[profiles.NAME]"')
    values: dict[str, str] = {}
    for name, value in table.items():
        if name not in known:
            raise ConfigError(
                f"{where}: unknown setting {name!r}",
                hint=did_you_mean(name, known) or f"known: {', '.join(known)}",
            )
        if not isinstance(value, str):
            raise ConfigError(f"{where}: {name} is no text", hint=f'write {name} = "..."')
        if value:
            values[name] = value
    return values


def _check_private(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise ConfigError(
            f"{path} holds an API key and others may read it", hint=f"chmod 600 {path}"
        )


def _checked_url(value: str, source: str) -> str:
    from urllib.parse import urlsplit

    def refuse(problem: str) -> ConfigError:
        shown = re.sub("//[^/]*@", "//***@", str(value)[:200])
        return ConfigError(
            f"invalid api_url {shown!r} ({source}): {problem}",
            hint="write it as https://gpu.example.org or http://127.0.0.1:8765",
        )

    if not isinstance(value, str) or not value.isprintable() or " " in value:
        raise refuse("not the text of a URL")
    try:
        url = urlsplit(value)
    except ValueError as error:
        raise refuse(str(error)) from error
    if url.scheme not in ("http", "https"):
        raise refuse("it starts with neither http:// nor https://")
    try:
        port_is_valid = url.port is None or url.port > 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid:
        raise refuse("its port is not a number from 1 to 65535")
    if not url.hostname:
        raise refuse("it names no host")
    if not url.hostname.isascii():
        raise refuse("write its host in ASCII, as in xn--bcher-kva.example")
    if not _is_host(url.hostname):
        raise refuse("its host cannot be the name of one")
    if url.username is not None:
        raise refuse("a user's name does not belong into it")
    if url.query or url.fragment:
        raise refuse("nothing may follow its path")
    base = value.rstrip("/")
    if base.endswith("/v1"):
        raise refuse("leave out /v1, which every call adds")
    return base


def _is_host(name: str) -> bool:
    if ":" in name:  # an IPv6 address, which urlsplit has checked
        return True
    labels = name.removesuffix(".").split(".")
    return len(name) <= 253 and all(re.fullmatch("[A-Za-z0-9_-]{1,63}", part) for part in labels)


def _checked_key(value: str, source: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[!-~]+", value):
        # Not quoted: it is a secret.
        raise ConfigError(
            f"invalid api_key ({source}): it is not printable ASCII without spaces",
            hint="was a line end or a quote copied with it?",
        )
    return value


def _checked_project(value: str, source: str) -> str:
    if not isinstance(value, str) or not re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", value):
        shown = repr(value[:80]) if isinstance(value, str) else type(value).__name__
        raise ConfigError(
            f"invalid project {shown} ({source})",
            hint="use up to 63 lower-case letters, digits and -, and begin with a letter or digit",
        )
    return value


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "api_url": _checked_url,
    "api_key": _checked_key,
    "project": _checked_project,
}
