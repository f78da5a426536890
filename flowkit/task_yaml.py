"""Tasks as YAML: flowkit's own names, and SkyPilot's and dstack's for the same things."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from flowkit.errors import InvalidTaskConfig
from flowkit.gpus import GPURequest
from flowkit.mount_specs import HasVolumeId, MountSpec, VolumeSpec
from flowkit.peer_variables import with_peer_variables
from flowkit.suggestions import closest, did_you_mean
from flowkit.task_config import FIELDS, NOT_YET_SUPPORTED
from flowkit.yaml_values import VALUES, Place

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
    "file_mounts": "mounts",
}
"""Other names of a field whose value is read as the field's own."""

_COMMANDS = ("setup", "run", "commands")
_AS_WRITTEN = frozenset({"env", "envs", "labels", "slurm"})
"""Mappings whose values are text, whatever YAML would make of them."""

_LARGEST_FILE = 1024 * 1024
_HINT = "write fields, as in command: python train.py"

try:
    _Loader: type[yaml.SafeLoader | yaml.CSafeLoader] = yaml.CSafeLoader
except AttributeError:  # PyYAML was built without libyaml
    _Loader = yaml.SafeLoader


class _Entry(NamedTuple):
    """What a file says under one name."""

    value: object
    at: Place


def read_task(path: Path) -> dict[str, tuple[object, Place]]:
    """Return the fields of the task that a file describes by flowkit's names, and where they stand.

    Raises:
        InvalidTaskConfig: the file cannot be read; the message names it and the line.
    """
    document = _document(path)
    fields: dict[str, tuple[object, Place]] = {}
    for name, value, at in _renamed(path, document):
        if value is None:
            continue
        if name in fields:
            raise InvalidTaskConfig(
                f"{at}: {name} is given twice, under two names", hint="keep one of them"
            )
        fields[name] = value, at
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
        case VolumeSpec() | MountSpec():
            return _plain(value.to_dict())
        case HasVolumeId():
            return {"volume_id": value.volume_id}
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return str(value)


def _document(path: Path) -> dict[str, _Entry]:
    text = _text(path)
    if control := re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        line = Place(path, text.count("\n", 0, control.start()) + 1)
        raise InvalidTaskConfig(
            f"{line}: not YAML: a control character ({control[0]!r})",
            hint="is this a text file?",
        )
    loader = _Loader(text)
    place = Place(path)
    try:
        root = loader.get_single_node()
        if root is None:
            raise InvalidTaskConfig(f"{path}: the file is empty", hint=_HINT)
        if not isinstance(root, yaml.MappingNode):
            raise InvalidTaskConfig(f"{path}: the file holds no fields", hint=_HINT)
        _refuse_duplicates(path, root, set())
        loader.flatten_mapping(root)
        document: dict[str, _Entry] = {}
        for key, node in root.value:
            place = _place(path, key)
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidTaskConfig(f"{place}: a field's name is no text", hint=_HINT)
            as_written = key.value in _AS_WRITTEN and isinstance(node, yaml.MappingNode)
            document[key.value] = _Entry(
                _as_written(path, loader, node)
                if as_written
                else _constructed(path, loader, node, key.value),
                place,
            )
        return document
    except InvalidTaskConfig:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _no_yaml(Place(path, mark.line + 1 if mark else None), error.problem) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A value that is not what its form or tag says, such as the date 2026-99-99.
        raise _no_yaml(place, "a value is not what it seems to be") from error
    finally:
        loader.dispose()


def _constructed(path: Path, loader: Any, node: yaml.Node, name: str) -> Any:
    if name == "resources" and isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        entries: dict[str, _Entry] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidTaskConfig(
                    f"{_place(path, key)}: a field's name is no text", hint=_HINT
                )
            constructed = loader.construct_object(value, deep=True)
            entries[key.value] = _Entry(constructed, _place(path, key))
        return entries
    return loader.construct_object(node, deep=True)


def _no_yaml(place: Place, problem: str | None) -> InvalidTaskConfig:
    problem = problem or "it cannot be read"
    if "another document" in problem:
        return InvalidTaskConfig(
            f"{place}: the file holds a second document", hint="a file describes one task"
        )
    if "cannot start any token" in problem or "tab character" in problem:
        hint = "indent with spaces, not tabs, and put text with special characters in quotes"
    elif "constructor for the tag" in problem:
        hint = "leave the tag (!...) out"
    else:
        hint = "put text with special characters such as : # [ { in quotes"
    return InvalidTaskConfig(f"{place}: not YAML: {problem}", hint=hint)


def _text(path: Path) -> str:
    if "\0" in str(path):
        raise InvalidTaskConfig(f"there is no file {path}", hint="its name holds a NUL character")
    try:
        if path.is_dir():
            raise InvalidTaskConfig(f"{path} is a directory", hint="name a YAML file in it")
        if path.exists() and not path.is_file():
            raise InvalidTaskConfig(
                f"{path} is not a file", hint="write the task to a file, and name that"
            )
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise InvalidTaskConfig(
                f"{path} is too large for a task's YAML",
                hint=f"it has at most {_LARGEST_FILE // 1024} KiB",
            )
        return content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InvalidTaskConfig(f"there is no file {path}", hint=_near(path)) from error
    except UnicodeDecodeError as error:
        raise InvalidTaskConfig(f"{path}: not UTF-8", hint="save it as UTF-8 text") from error
    except OSError as error:
        raise InvalidTaskConfig(
            f"cannot read {path}: {error.strerror}", hint="name a YAML file that you may read"
        ) from error


def _near(path: Path) -> str:
    try:
        close = closest(path.name, os.listdir(path.parent))
    except OSError:
        return f"there is no directory {path.parent} either"
    return "name a YAML file" if close is None else f"did you mean {path.parent / close}?"


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
                raise InvalidTaskConfig(
                    f"{_place(path, key)}: {key.value} is given twice", hint="keep one of them"
                )
            names.add(key.value)
        _refuse_duplicates(path, value, seen)


def _as_written(path: Path, loader: Any, node: yaml.MappingNode) -> dict[str, str | None]:
    loader.flatten_mapping(node)
    values: dict[str, str | None] = {}
    for key, value in node.value:
        if not (isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)):
            raise InvalidTaskConfig(
                f"{_place(path, value)}: this value is no text", hint="write NAME: VALUE"
            )
        is_null = value.tag == "tag:yaml.org,2002:null"
        values[key.value] = None if is_null else value.value
    return values


def _place(path: Path, node: yaml.Node) -> Place:
    return Place(path, int(node.start_mark.line) + 1)


def _renamed(path: Path, document: dict[str, _Entry]) -> Iterator[tuple[str, object, Place]]:
    """Yield the fields by flowkit's names."""
    kind = document.get("type")
    if kind is not None and kind.value != "task":
        shown = repr(kind.value) if isinstance(kind.value, str) else "of another type than text"
        raise InvalidTaskConfig(f"{kind.at}: type {shown} is no task", hint="write type: task")
    if any(name in document and document[name].value is not None for name in _COMMANDS):
        yield "command", *_command(path, document)
    for name, (value, at) in document.items():
        if name in _COMMANDS or name == "type" or value is None:
            continue
        if name == "secrets" and "command" not in document:
            _refuse_values_of_secrets(at, value)
        if name == "resources":
            yield from _resources(at, value)
        else:
            yield _field(at, name, value, "")


def _refuse_values_of_secrets(at: Place, value: object) -> None:
    """Refuse secrets as SkyPilot has them, with their values: here they would be taken for names.

    Names and values look alike, so that a value would be sent, and shown as no secret's name.
    """
    if not isinstance(value, dict):
        return
    if given := [str(name) for name, item in value.items() if item is not None]:
        raise InvalidTaskConfig(
            f"{at}: secrets: {given[0][:60]!r} has a value, where this file may only name it",
            hint="keep it with `flowkit secret set` and list its name: - {name: TOKEN, env: TOKEN}",
        )


def _resources(at: Place, value: object) -> Iterator[tuple[str, object, Place]]:
    if not isinstance(value, dict):
        raise InvalidTaskConfig(
            f"{at}: resources is no mapping", hint="write fields below it, as in gpu: a100"
        )
    for name, (item, item_at) in value.items():
        if item is not None:
            yield _field(item_at, name, item, "resources.")


def _field(at: Place, name: str, value: Any, prefix: str) -> tuple[str, object, Place]:
    if name in ("regions",):
        name, value = "region", _single(at, name, value)
    known = _SYNONYMS.get(name, name)
    if known in NOT_YET_SUPPORTED:
        raise InvalidTaskConfig(
            f"{at}: {prefix}{name} is not supported yet by this release", hint=f"leave out {name}"
        )
    if known not in FIELDS:
        names = [*FIELDS, *_SYNONYMS, *_COMMANDS, "resources"]
        raise InvalidTaskConfig(
            f"{at}: {prefix}{name or repr(name)} has no counterpart in a flowkit task",
            hint=did_you_mean(name, names) or f"fields: {', '.join(FIELDS)}",
        )
    return known, VALUES.get(known, _unchanged)(at, value), at


def _unchanged(at: Place, value: object) -> object:
    return value


def _single(at: Place, name: str, value: object) -> object:
    if isinstance(value, list):
        if len(value) != 1:
            raise InvalidTaskConfig(
                f"{at}: {name}: a task runs in one region", hint="name the one that it is to run in"
            )
        return value[0]
    return value


def _command(path: Path, document: dict[str, _Entry]) -> tuple[str, Place]:
    given = {name: entry for name, entry in document.items() if entry.value is not None}
    if "command" in given:
        raise InvalidTaskConfig(
            f"{given['command'].at}: command goes with neither run, commands nor setup",
            hint="keep one of them",
        )
    if "run" in given and "commands" in given:
        raise InvalidTaskConfig(
            f"{given['commands'].at}: run and commands are both given", hint="keep one"
        )
    body = given.get("run") or given.get("commands")
    if body is None:
        raise InvalidTaskConfig(
            f"{given['setup'].at}: there is setup but nothing to run", hint="add run: ..."
        )
    script = _script(body)
    if "setup" in given:
        # A shell of its own, as in SkyPilot: what it changes but files does not reach the command.
        script = f"(\n{_script(given['setup'])}\n) || exit $?\n{script}"
    try:
        return with_peer_variables(script, _own_variables(given)), body.at
    except InvalidTaskConfig as error:
        raise InvalidTaskConfig(f"{body.at}: {error.message}", hint=error.hint) from None


def _own_variables(given: Mapping[str, _Entry]) -> set[str]:
    """Return the names of the variables that a file sets: a mapping, or NAME=VALUE in a list."""
    found: set[str] = set()
    for name in ("env", "envs", "secrets"):
        value = given[name].value if name in given else ()
        if isinstance(value, Mapping | list):
            found.update(str(each).partition("=")[0] for each in value)
    return found


def _script(entry: _Entry) -> str:
    value = entry.value
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
        # The first failure ends it, as in dstack; line ends, so that a comment hurts nobody.
        return " && ".join(f"{{\n{line}\n}}" for line in value) if len(value) > 1 else value[0]
    raise InvalidTaskConfig(
        f"{entry.at}: a command is text, or a list of lines of text", hint="as in run: python a.py"
    )
