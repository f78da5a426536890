"""Changes one setting of the config file, and leaves everything else in it as it is."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from pathlib import Path

from flowkit.config import SETTINGS, read_toml
from flowkit.errors import ConfigError
from flowkit.private_files import make_directory
from flowkit.suggestions import did_you_mean


def set_value(path: Path, key: str, value: str, *, profile: str | None) -> None:
    """Write a setting to a config file, made readable by its owner alone.

    Args:
        path: The file; it is created where it does not exist.
        key: The setting.
        value: Its new value.
        profile: The profile that it belongs to; None for settings outside of profiles.

    Raises:
        ConfigError: The file is not TOML, is laid out in a way that this cannot change or cannot
            be written, or the value is empty or names no profile. The file is as it was.
    """
    if not value:
        raise ConfigError(f"{key} cannot be empty", hint=f"flowkit config set {key} VALUE")
    text, expected = read_toml(path)
    if key == "default_profile":
        _check_exists(path, value, expected)
    if profile is None:
        expected[key] = value
    else:
        profiles = expected.setdefault("profiles", {})
        if isinstance(profiles, dict) and isinstance(profiles.setdefault(profile, {}), dict):
            profiles[profile][key] = value
    changed = _with_setting(text, key, value, profile)
    # Proves that this setting changed and nothing else did, however the file is laid out.
    if _parsed(changed) != expected:
        raise ConfigError(
            f"{path} is laid out in a way that cannot be changed here",
            hint="change it with an editor",
        )
    try:
        _replace(path, changed)
    except OSError as error:
        raise ConfigError(
            f"cannot write {path}: {error.strerror}",
            hint="set FLOWKIT_HOME to a directory that can be written",
        ) from error


def _check_exists(path: Path, profile: str, document: dict[str, object]) -> None:
    tables = document.get("profiles", {})
    known = set(tables) if isinstance(tables, dict) else set()
    if any(name in document for name in SETTINGS):
        known.add("default")
    if profile not in known:
        raise ConfigError(
            f"there is no profile {profile!r} in {path}",
            hint=did_you_mean(profile, known)
            or f"make it first: flowkit config set api_url URL --profile {profile}",
        )


def _parsed(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _with_setting(text: str, key: str, value: str, profile: str | None) -> str:
    # JSON's strings are TOML's basic strings, with the control character DEL as the exception.
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
    lines = text.splitlines()
    start, end = _section(lines, profile)
    for number in range(start, end):
        if re.match(rf"\s*{key}\s*=", lines[number]):
            lines[number] = line
            break
    else:
        if start > len(lines):
            name = profile if re.fullmatch("[A-Za-z0-9_-]+", profile or "") else json.dumps(profile)
            lines += [""] * bool(lines) + [f"[profiles.{name}]", line]
        else:
            lines.insert(start, line)
    return "\n".join(lines) + "\n"


def _section(lines: list[str], profile: str | None) -> tuple[int, int]:
    """Return the lines of a profile's table; a first line beyond the last where it has none."""
    heads = [number for number, line in enumerate(lines) if re.match(r"\s*\[", line)]
    if profile is None:
        return 0, heads[0] if heads else len(lines)
    for number in heads:
        if _parsed(lines[number]) == {"profiles": {profile: {}}}:
            return number + 1, next((later for later in heads if later > number), len(lines))
    return len(lines) + 1, len(lines) + 1


def _replace(path: Path, text: str) -> None:
    # A link, as into a directory of dotfiles, stays one.
    target = path.resolve()
    make_directory(target.parent)
    # mkstemp makes files that only their owner can read.
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
