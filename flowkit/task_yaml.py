"""Tasks as YAML: flowkit's own names, and SkyPilot's and dstack's for the same things."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from flowkit.errors import InvalidTaskConfig
from flowkit.gpus import GPURequest
from flowkit.suggestions import did_you_mean
from flowkit.task_config import FIELDS, NOT_YET_SUPPORTED

_SYNONYMS = {
    "accelerators": "gpu",
    "gpus": "gpu",
    "envs": "env",
    "workdir": "working_dir",
    "num_nodes": "num_instances",
    "nodes": "num_instances",
    "max_duration": "max_run_time",
    "max_price": "max_price_per_hour",
    "cpu": "cpus",
    "memory": "memory_gb",
}
"""Other names of a field whose value is read as the field's own."""

_COMMANDS = ("setup", "run", "commands")
_AS_WRITTEN = frozenset({"env", "envs", "labels"})
"""Mappings whose values are text, whatever YAML would make of them."""

_GPU_TOKENS = frozenset({"name", "count", "memory", "vendor", "total_memory", "compute_capability"})
"""What a GPU is described by in dstack's mapping; the last two have no counterpart."""

_LARGEST_FILE = 1024 * 1024

try:
    _Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = yaml.CSafeLoader
except AttributeError:  # PyYAML was built without libyaml
    _Loader = yaml.SafeLoader


def read_task(path: Path) -> dict[str, object]:
    """Return the fields of the task that a file describes, by flowkit's names.

    Raises:
        InvalidTaskConfig: the file cannot be read; the message names it and the line.
    """
    document = _document(path)
    fields: dict[str, object] = {}
    for name, value in _renamed(path, document):
        if value is None:
            continue
        if name in fields:
            raise InvalidTaskConfig(f"{path}: {name} is given twice, under two names")
        fields[name] = value
    return fields


def write_task(fields: Mapping[str, object]) -> str:
    """Return fields as YAML."""
    plain = {name: _plain(value) for name, value in fields.items()}
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True))


def _plain(value: object) -> object:
    match value:
        case GPURequest():
            return str(value)
        case timedelta():
            return value.total_seconds()
        case os.PathLike():
            return os.fspath(value)
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return str(value)


def _document(path: Path) -> dict[str, object]:
    text = _text(path)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise InvalidTaskConfig(f"{path}: the file is empty", hint="it needs a command")
        if not isinstance(root, yaml.MappingNode):
            raise InvalidTaskConfig(f"{path}: the file holds no fields", hint="command: ...")
        _refuse_duplicates(path, root, set())
        loader.flatten_mapping(root)
        document: dict[str, object] = {}
        for key, node in root.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidTaskConfig(f"{path}:{_line(key)}: a field's name is no text")
            as_written = key.value in _AS_WRITTEN and isinstance(node, yaml.MappingNode)
            document[key.value] = (
                _as_written(path, loader, node)
                if as_written
                else loader.construct_object(node, deep=True)
            )
        return document
    except InvalidTaskConfig:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InvalidTaskConfig(f"{where}: not YAML: {error.problem or error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidTaskConfig(f"{path}: not YAML: {error}") from error
    finally:
        loader.dispose()


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise InvalidTaskConfig(f"{path} is a directory", hint="name a YAML file in it")
        if path.exists() and not path.is_file():
            raise InvalidTaskConfig(f"{path} is not a file")
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise InvalidTaskConfig(f"{path} is too large for a task's YAML")
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InvalidTaskConfig(
            f"there is no file {path}", hint="a command that ends in .yaml needs a list: [command]"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidTaskConfig(f"{path}: not UTF-8") from error
    except OSError as error:
        raise InvalidTaskConfig(f"cannot read {path}: {error.strerror}") from error


def _refuse_duplicates(path: Path, node: yaml.Node, seen: set[int]) -> None:
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_duplicates(path, item, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    names: set[object] = set()
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if key.value in names:
                raise InvalidTaskConfig(f"{path}:{_line(key)}: {key.value} is given twice")
            names.add(key.value)
        _refuse_duplicates(path, value, seen)


def _as_written(path: Path, loader: Any, node: yaml.MappingNode) -> dict[str, str | None]:
    loader.flatten_mapping(node)
    values: dict[str, str | None] = {}
    for key, value in node.value:
        if not (isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
            raise InvalidTaskConfig(f"{path}:{_line(value)}: this value is no text")
        is_null = value.tag == "tag:yaml.org,2002:null"
        values[key.value] = None if is_null else value.value
    return values


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _renamed(path: Path, document: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the fields by flowkit's names."""
    if document.get("type", "task") != "task":
        raise InvalidTaskConfig(f"{path}: type {document['type']!r} is no task")
    if any(document.get(name) is not None for name in _COMMANDS):
        yield "command", _command(path, document)
    for name, value in document.items():
        if name in _COMMANDS or name == "type" or value is None:
            continue
        if name == "resources":
            yield from _resources(path, value)
        else:
            yield from _field(path, name, value, "")


def _resources(path: Path, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        raise InvalidTaskConfig(f"{path}: resources is no mapping")
    for name, item in value.items():
        if item is not None:
            yield from _field(path, str(name), item, "resources.")


def _field(path: Path, name: str, value: Any, prefix: str) -> Iterator[tuple[str, object]]:
    if name in ("regions",):
        name, value = "region", _single(path, name, value)
    known = _SYNONYMS.get(name, name)
    if known in NOT_YET_SUPPORTED:
        raise InvalidTaskConfig(f"{path}: {prefix}{name} is not supported yet by this release")
    if known not in FIELDS:
        names = [*FIELDS, *_SYNONYMS, *_COMMANDS, "resources"]
        raise InvalidTaskConfig(
            f"{path}: {prefix}{name} has no counterpart in a flowkit task",
            hint=did_you_mean(name, names) or f"fields: {', '.join(FIELDS)}",
        )
    yield known, _VALUES.get(known, _unchanged)(path, value)


def _unchanged(path: Path, value: object) -> object:
    return value


def _single(path: Path, name: str, value: object) -> object:
    if isinstance(value, list):
        if len(value) != 1:
            raise InvalidTaskConfig(f"{path}: {name}: a task runs in one region")
        return value[0]
    return value


def _command(path: Path, document: dict[str, object]) -> str:
    if document.get("command") is not None:
        raise InvalidTaskConfig(
            f"{path}: command goes with neither run, commands nor setup", hint="keep one of them"
        )
    if document.get("run") is not None and document.get("commands") is not None:
        raise InvalidTaskConfig(f"{path}: run and commands are both given", hint="keep one")
    body = document.get("run") if document.get("run") is not None else document.get("commands")
    if body is None:
        raise InvalidTaskConfig(f"{path}: there is setup but nothing to run", hint="add run: ...")
    script = _script(path, body)
    if document.get("setup") is None:
        return script
    # A shell of its own, as in SkyPilot: what it changes but files does not reach the command.
    return f"(\n{_script(path, document['setup'])}\n) || exit $?\n{script}"


def _script(path: Path, value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        # The first failure ends it, as in dstack; line ends, so that a comment hurts nobody.
        return " && ".join(f"{{\n{line}\n}}" for line in value) if len(value) > 1 else value[0]
    raise InvalidTaskConfig(f"{path}: a command is text, or a list of lines of text")


def _gpu(path: Path, value: Any) -> object:
    if isinstance(value, dict):
        if value.keys() & _GPU_TOKENS:
            return _gpu_tokens(path, value)
        # SkyPilot's {A100: 8, H100: 8}: any of these.
        return [f"{name}:{_plain_number(count)}" for name, count in value.items()]
    if isinstance(value, str):
        return _without_open_count(value)
    return value


def _gpu_tokens(path: Path, value: dict[str, Any]) -> str:
    if unknown := value.keys() - {"name", "count", "memory", "vendor"}:
        raise InvalidTaskConfig(f"{path}: gpu: {min(unknown)} has no counterpart in flowkit")
    names = value.get("name")
    tokens = [
        value.get("vendor"),
        ",".join(names) if isinstance(names, list) else names,
        value.get("memory"),
        value.get("count"),
    ]
    return ":".join(str(_plain_number(token)) for token in tokens if token is not None)


def _plain_number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_open_count(text: str) -> str:
    return re.sub(r"(?<=:)\s*([0-9]+)\s*\.\.\s*$", r"\1", text)


def _at_least(path: Path, value: object) -> object:
    """Read `4+` and `4..`: what is reserved is always at least."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(.+?)\s*(\+|\.\.)\s*", value)):
        value = match[1]
    if isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value.strip()):
        return float(value) if "." in value else int(value)
    return value


_VALUES: dict[str, Callable[[Path, Any], object]] = {
    "gpu": _gpu,
    "cpus": _at_least,
    "memory_gb": _at_least,
}
