"""Values of a task's fields in the forms that SkyPilot and dstack have for them in YAML."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from flowkit.errors import InvalidTaskConfig
from flowkit.suggestions import did_you_mean

_GPU_TOKENS = frozenset({"name", "count", "memory", "vendor", "total_memory", "compute_capability"})
"""What a GPU is described by in dstack's mapping; the last two have no counterpart."""


class Place(NamedTuple):
    """A place in a file, which is how an error about it begins."""

    path: Path
    line: int | None = None

    def __str__(self) -> str:
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"


def _gpu(at: Place, value: Any) -> object:
    if isinstance(value, dict):
        if value.keys() & _GPU_TOKENS:
            return _gpu_tokens(at, value)
        # SkyPilot's {A100: 8, H100: 8}: any of these.
        return [f"{name}:{_plain_number(count)}" for name, count in value.items()]
    if isinstance(value, str):
        return _without_open_count(value)
    return value


def _gpu_tokens(at: Place, value: dict[str, Any]) -> str:
    known = ("name", "count", "memory", "vendor")
    if unknown := sorted(str(name) for name in value if name not in known):
        raise InvalidTaskConfig(
            f"{at}: gpu: {unknown[0]} has no counterpart in flowkit",
            hint=did_you_mean(unknown[0], known) or f"a GPU has {', '.join(known)}",
        )
    names = value.get("name")
    tokens = [
        value.get("vendor"),
        ",".join(map(str, names)) if isinstance(names, list) else names,
        value.get("memory"),
        value.get("count"),
    ]
    return ":".join(str(_plain_number(token)) for token in tokens if token is not None)


def _plain_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_open_count(text: str) -> str:
    return re.sub(r"(?<=:)\s*([0-9]+)\s*\.\.\s*$", r"\1", text)


def _at_least(at: Place, value: object) -> object:
    """Read `4+` and `4..`: what is reserved is always at least."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(.+?)\s*(\+|\.\.)\s*", value)):
        value = match[1]
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,30}(\.[0-9]{1,30})?", value.strip()):
        return float(value) if "." in value else int(value)
    return value


def _retries(at: Place, value: object) -> object:
    """Read `on`, which is a name here and `true` to YAML 1.1."""
    if isinstance(value, dict):
        return {"on" if name is True else name: item for name, item in value.items()}
    return value


def _mounts(at: Place, value: Any) -> object:
    if isinstance(value, dict) and "source" not in value:
        return {target: _mount_source(at, source) for target, source in value.items()}
    return value


def _mount_source(at: Place, source: Any) -> object:
    """Read SkyPilot's mapping of a bucket; both of its modes show the data at the path."""
    if not isinstance(source, dict):
        return source
    if source.get("mode") not in (None, "MOUNT", "COPY", "MOUNT_CACHED"):
        raise InvalidTaskConfig(
            f"{at}: mounts: mode {str(source['mode'])[:60]!r} has no counterpart in flowkit",
            hint="leave out mode",
        )
    if "name" in source or "store" in source:
        raise InvalidTaskConfig(
            f"{at}: mounts: a bucket is not created by flowkit",
            hint="name one that exists, as in source: s3://bucket/path",
        )
    return {name: item for name, item in source.items() if name not in ("mode", "persistent")}


def _volumes(at: Place, value: Any) -> object:
    if isinstance(value, list):
        return [_volume(at, item) for item in value]
    return value


def _volume(at: Place, item: Any) -> object:
    """Read dstack's mapping of a volume's name to a path."""
    if not isinstance(item, dict):
        return item
    if "instance_path" in item:
        raise InvalidTaskConfig(
            f"{at}: volumes: instance_path has no counterpart in a volume",
            hint="write it below mounts, as in mounts: {/data: /mnt/data}",
        )
    names = {"path": "mount_path"}
    return {names.get(name, name): value for name, value in item.items()}


VALUES: dict[str, Callable[[Place, Any], object]] = {
    "mounts": _mounts,
    "volumes": _volumes,
    "gpu": _gpu,
    "cpus": _at_least,
    "memory_gb": _at_least,
    "retries": _retries,
}
"""By the field; each is told where the value stands, for errors."""
