"""What a task is to run, and with what: `TaskConfig`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import attrs

from flowkit.durations import parse_duration
from flowkit.errors import InvalidRequest, InvalidTaskConfig
from flowkit.gpus import GPURequest, parse_gpu
from flowkit.instances import InstanceTypeName
from flowkit.money import minor_units
from flowkit.sizes import parse_memory_gb
from flowkit.suggestions import did_you_mean

if TYPE_CHECKING:
    from flowkit_api.models import TaskCreate

PRIORITIES = {"low": -100, "med": 0, "medium": 0, "normal": 0, "high": 100}

NOT_YET_SUPPORTED = frozenset(
    {
        "code",
        "depends_on",
        "idle_timeout",
        "image",
        "mounts",
        "ports",
        "retries",
        "ssh_keys",
        "volumes",
    }
)
"""Fields that are agreed on and that this release does not have."""

_CALLERS = ("PATH", "VIRTUAL_ENV", "PYTHONPATH", "HOME", "LANG")
_CALLERS_PREFIXES = ("CONDA_", "LC_")
_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"


class InPlace(NamedTuple):
    """Whose place a task runs in, where client and gateway are one user on one machine."""

    directory: str
    environment: dict[str, str]
    """What makes it the same place for a program: paths, activated environments, the language."""

    def __repr__(self) -> str:
        return f"InPlace({self.directory!r})"

    @classmethod
    def here(cls) -> InPlace:
        """Return the place of this process.

        Raises:
            InvalidTaskConfig: its working directory is gone, or a variable is not UTF-8.
        """
        try:
            return cls(os.getcwd(), _visible(os.environ))
        except FileNotFoundError as error:
            raise InvalidTaskConfig(
                "the current directory does not exist any more", hint="give a working_dir"
            ) from error


@attrs.define(kw_only=True)
class TaskConfig:
    """What a task is to run, and with what. What is None is left to the gateway.

    Args:
        command: Text, run by `bash -c`, or a list of the program and its arguments, run as is.
        name: Name to find the task by: letters, digits, `.`, `_` and `-`.
        gpu: GPUs in the shorthand (`a100`, `a100:4`, `gpu:40gb+`), a number of any, or a list of
            these in order of preference.
        instance_type: Machine by name, such as `4xa100-80gb`; `gpu` is then ignored.
        min_gpu_memory_gb: Least memory of each GPU: a number of GB, or text such as `40gb`.
        cpus: CPUs to reserve.
        memory_gb: Memory to reserve: a number of GB, or text such as `64gb`.
        num_instances: Machines to run on.
        env: Variables of the command: a dict, where None takes the caller's value, or a list of
            `NAME=VALUE` and `NAME`.
        working_dir: Directory to run in.
        region: Region to run in.
        max_price_per_hour: Most to pay for one hour, in US dollars.
        max_run_time: When to end the task: text with a unit (`90s`, `2h`), a number of seconds,
            or a timedelta.
        priority: From -1000 to 1000, or `low`, `med`, `high`; tasks of a higher one start first.
        labels: Names and values to find the task by.

    Raises:
        InvalidTaskConfig: there is no such field, or a value cannot be read.
        InvalidGPURequest: the GPU request cannot be read.

    Example:
        >>> config = TaskConfig(command="python train.py", gpu="A100:2", max_run_time="2h")
        >>> config.to_wire().command, config.to_wire().gpu, config.to_wire().max_run_time
        (['bash', '-c', 'python train.py'], ['a100:2'], 7200.0)
    """

    command: str | Sequence[str] | None = None
    name: str | None = None
    gpu: str | int | GPURequest | Sequence[str | int | GPURequest] | None = None
    instance_type: str | None = None
    min_gpu_memory_gb: float | str | None = None
    cpus: float | None = None
    memory_gb: float | str | None = None
    num_instances: int | None = None
    # Its values may be secrets, and a representation ends up in logs.
    env: Mapping[str, str | None] | Sequence[str] | None = attrs.field(
        default=None, repr=lambda env: "None" if env is None else "***"
    )
    working_dir: str | os.PathLike[str] | None = None
    region: str | None = None
    max_price_per_hour: float | str | None = None
    max_run_time: str | float | timedelta | None = None
    priority: int | str | None = None
    labels: Mapping[str, str] | None = None

    def __attrs_post_init__(self) -> None:
        for name, read in _READERS.items():
            if (value := getattr(self, name)) is not None:
                read(value)

    @classmethod
    def of(cls, task: TaskLike, /) -> TaskConfig:
        """Return a task given as a config, a dict of its fields, a YAML file or a command.

        Args:
            task: A `Path`, or text that ends in `.yaml` or `.yml` and either has no space or
                names a file, is a YAML file; other text is a command for bash; a list is a
                command that is run as is.

        Raises:
            InvalidTaskConfig: it cannot be read.
        """
        if isinstance(task, TaskConfig):
            return task
        if isinstance(task, Path):
            return cls.from_yaml(task)
        if isinstance(task, Mapping):
            return cls.from_dict(task)
        if isinstance(task, str) and _is_yaml_path(task):
            return cls.from_yaml(task)
        return cls(command=task)

    @classmethod
    def from_dict(cls, fields: Mapping[str, object]) -> TaskConfig:
        """Return a task from its fields.

        Raises:
            InvalidTaskConfig: there is no such field, or a value cannot be read.
        """
        # What the values are, the readers check.
        return cls(**fields)  # type: ignore[arg-type]  # checked by the readers

    @classmethod
    def from_yaml(cls, path: str | os.PathLike[str]) -> TaskConfig:
        """Return the task that a YAML file describes.

        Besides the fields of this class, flat, SkyPilot's and dstack's names for them are read.

        Args:
            path: The file.

        Raises:
            InvalidTaskConfig: the file cannot be read; the message names it and the line.
        """
        from flowkit.task_yaml import read_task

        fields = read_task(Path(path))
        try:
            return cls.from_dict(fields)
        except InvalidRequest as error:
            raise type(error)(f"{path}: {error.message}", hint=error.hint) from error

    def to_yaml(self) -> str:
        """Return the task as YAML, which `from_yaml` reads back."""
        from flowkit.task_yaml import write_task

        return write_task(
            {name: value for name in FIELDS if (value := getattr(self, name)) is not None}
        )

    def replace(self, **overrides: Any) -> TaskConfig:
        """Return a copy with other values in some fields.

        Raises:
            InvalidTaskConfig: there is no such field, or a value cannot be read.

        Example:
            >>> TaskConfig(command="true").replace(cpus=2).cpus
            2
        """
        return TaskConfig(**{name: getattr(self, name) for name in FIELDS} | overrides)

    def to_wire(self, in_place: InPlace | None = None) -> TaskCreate:
        """Return the task as the contract has it.

        Args:
            in_place: Where the task runs when it runs in its caller's place.

        Raises:
            InvalidTaskConfig: there is no command, a variable is not set, or the directory does
                not exist.
        """
        from flowkit_api.models import Money, TaskCreate

        values = {
            name: read(value)
            for name, read in _READERS.items()
            if (value := getattr(self, name)) is not None
        }
        if "command" not in values:
            raise InvalidTaskConfig("there is no command to run", hint="give a command")
        if "env" in values:
            values["env"] = _resolved(values["env"])
        if (price := values.pop("max_price_per_hour", None)) is not None:
            values["max_price_per_hour"] = Money(amount_minor=price, currency="USD")
        if in_place is not None:
            values["working_dir"] = _directory(values.get("working_dir"), in_place.directory)
            values["caller_env"] = in_place.environment
        return TaskCreate(**values)


TaskLike: TypeAlias = TaskConfig | str | Path | Sequence[str] | Mapping[str, object]
"""Whatever `TaskConfig.of` takes."""

FIELDS = tuple(attribute.name for attribute in attrs.fields(TaskConfig))


def _refuse_unknown(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def checked(self: TaskConfig, **fields: object) -> None:
        for name in fields:
            if name in NOT_YET_SUPPORTED:
                raise InvalidTaskConfig(
                    f"{name} is not supported yet by this release", hint=f"leave out {name}"
                )
            if name not in FIELDS:
                raise InvalidTaskConfig(
                    f"a task has no field {name!r}",
                    hint=did_you_mean(str(name), FIELDS) or f"fields: {', '.join(FIELDS)}",
                )
        init(self, **fields)

    return checked


# Python's own complaint would be a TypeError without a hint.
TaskConfig.__init__ = _refuse_unknown(TaskConfig.__init__)  # type: ignore[method-assign]  # same arguments


def _is_yaml_path(text: str) -> bool:
    return text.endswith((".yaml", ".yml")) and (" " not in text or Path(text).is_file())


def _command(value: object) -> list[str]:
    if isinstance(value, str):
        words = ["bash", "-c", value]
        empty = not value.strip()
    elif isinstance(value, Sequence) and all(isinstance(word, str) for word in value):
        words = list(value)
        empty = not words or not words[0]
    else:
        raise _wrong("command", value, "text for bash, or a list of words")
    if empty:
        raise InvalidTaskConfig("the command is empty", hint="name a program to run")
    return [_text("command", word, 131072) for word in words]


def _text(field: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise _wrong(field, value, "text")
    if "\0" in value:
        raise InvalidTaskConfig(f"{field} holds a NUL character")
    if len(value) > longest:
        raise InvalidTaskConfig(f"{field} is longer than {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidTaskConfig(f"{field} holds bytes that are not UTF-8") from error
    return value


def _name(value: object) -> str:
    text = _text("name", value, 128)
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise InvalidTaskConfig(
            f"invalid name {text!r}",
            hint="use letters, digits, . _ and -, and begin with a letter or digit",
        )
    return text


def _gpu(value: Any) -> list[str]:
    return [str(request) for request in parse_gpu(value)]


def _instance_type(value: object) -> str:
    text = _text("instance_type", value, 200)
    InstanceTypeName.parse(text)
    return text


def _number(field: str, *, whole: bool = False) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value < 1e9:
            raise _wrong(field, value, f"a {'whole ' if whole else ''}number above 0")
        return value

    return read


def _memory(value: Any) -> float:
    return parse_memory_gb(value)


def _price(value: Any) -> int:
    return minor_units(value)


def _duration(value: Any) -> float:
    return parse_duration(value)


def _priority(value: object) -> int:
    if isinstance(value, str) and value.lower() in PRIORITIES:
        return PRIORITIES[value.lower()]
    if isinstance(value, bool) or not isinstance(value, int) or not -1000 <= value <= 1000:
        names = ", ".join(PRIORITIES)
        raise _wrong("priority", value, f"a whole number from -1000 to 1000, or {names}")
    return value


def _env(value: object) -> dict[str, str | None]:
    if isinstance(value, Mapping):
        pairs = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        pairs = dict(_pair(item) for item in value)
    else:
        raise _wrong("env", value, "a dict, or a list of NAME=VALUE and NAME")
    for name, text in pairs.items():
        if not isinstance(name, str) or not re.fullmatch(_VARIABLE, name) or len(name) > 256:
            raise InvalidTaskConfig(
                f"invalid variable name {str(name)[:60]!r} in env",
                hint="a name is letters, digits and _, and does not begin with a digit",
            )
        if text is not None:
            _text(f"env {name}", text, 131072)
    return pairs


def _pair(item: object) -> tuple[str, str | None]:
    if not isinstance(item, str):
        raise _wrong("env", item, "NAME=VALUE or NAME")
    name, equals, value = item.partition("=")
    return name, value if equals else None


def _resolved(env: dict[str, str | None]) -> dict[str, str]:
    missing = [name for name, value in env.items() if value is None and name not in os.environ]
    if missing:
        raise InvalidTaskConfig(
            f"env takes {', '.join(missing)} from the caller, where it is not set",
            hint=f"export {missing[0]}, or give it a value",
        )
    return {
        name: _text(f"env {name}", os.environ[name] if value is None else value, 131072)
        for name, value in env.items()
    }


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _wrong("labels", value, "a dict")
    for name in value:
        if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._/-]{0,62}", name):
            raise InvalidTaskConfig(
                f"invalid label {str(name)[:80]!r}",
                hint="use up to 63 letters, digits, . _ / and -, and begin with a letter or digit",
            )
    return {name: _text(f"label {name}", text, 255) for name, text in value.items()}


def _working_dir(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise _wrong("working_dir", value, "a path")
    return _text("working_dir", os.fspath(value), 4096)


def _directory(given: str | None, here: str) -> str:
    path = os.path.abspath(os.path.join(here, os.path.expanduser(given or ".")))
    if not os.path.isdir(path):
        problem = "is not a directory" if os.path.exists(path) else "does not exist"
        raise InvalidTaskConfig(f"working_dir {path} {problem}", hint="tasks run on this machine")
    return path


def _visible(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: _text(f"the environment variable {name}", value, 131072)
        for name, value in environment.items()
        if (name in _CALLERS or name.startswith(_CALLERS_PREFIXES))
        and re.fullmatch(_VARIABLE, name)
    }


def _wrong(field: str, value: object, wanted: str) -> InvalidTaskConfig:
    shown = repr(value)[:60] if isinstance(value, str | int | float) else type(value).__name__
    return InvalidTaskConfig(f"invalid {field} {shown}: it is not {wanted}")


_READERS: dict[str, Callable[[Any], Any]] = {
    "command": _command,
    "name": _name,
    "gpu": _gpu,
    "instance_type": _instance_type,
    "min_gpu_memory_gb": _memory,
    "cpus": _number("cpus"),
    "memory_gb": _memory,
    "num_instances": _number("num_instances", whole=True),
    "env": _env,
    "working_dir": _working_dir,
    "region": lambda value: _text("region", value, 64),
    "max_price_per_hour": _price,
    "max_run_time": _duration,
    "priority": _priority,
    "labels": _labels,
}
"""From what people write to what the contract has; each raises for what it cannot read."""
