"""How engines are used: the tables `[engines.NAME]` of the user's configuration file.

[engines.slurm]
partition = "gpu"
poll = 2

[engines.slurm.gpu]
tesla = "v100-32gb"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from flowkit.config import config_file, read_toml
from flowkit.errors import ConfigError

_ENGINES = ("slurm",)


def engine_options(engine: str) -> list[str]:
    """Return what the configuration file says of an engine, as `NAME=VALUE` texts.

    What the names mean is for the engine to say.

    Args:
        engine: Its name.

    Raises:
        ConfigError: the file is wrong; the message names it.
    """
    path = config_file()
    _, document = read_toml(path)
    engines = _table(document.get("engines", {}), path, "engines")
    if unknown := sorted(engines.keys() - set(_ENGINES)):
        raise ConfigError(
            f"{path}: there are no options of an engine {unknown[0]!r}",
            hint=f"known: {', '.join(_ENGINES)}",
        )
    name = f"engines.{engine}"
    return list(_options(_table(engines.get(engine, {}), path, name), path, name))


def _options(table: Mapping[str, object], path: Path, where: str) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            inner = _options(_table(value, path, f"{where}.{name}"), path, f"{where}.{name}")
            yield from (f"{name}.{option}" for option in inner)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield f"{name}={value}"
        else:
            raise ConfigError(
                f"{path}: {name} of [{where}] is neither a text nor a number",
                hint=f'write {name} = "..."',
            )


def _table(value: object, path: Path, name: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {name} is no table", hint=f'write "[{name}]"')
    return value
