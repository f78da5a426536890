"""What people write in the fields of a task, and what the contract makes of each."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowkit.code_sources import read_code
from flowkit.durations import format_duration, parse_duration
from flowkit.errors import InvalidTaskConfig
from flowkit.gpus import parse_gpu
from flowkit.instances import InstanceTypeName
from flowkit.money import minor_units
from flowkit.mount_specs import read_mounts, read_volumes
from flowkit.reservation_values import RESERVATION_NAME
from flowkit.secret_references import read_secrets
from flowkit.sizes import parse_memory_gb
from flowkit.task_conditions import read_dependencies, read_retries

PRIORITIES = {"low": -100, "med": 0, "medium": 0, "normal": 0, "high": 100}
VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
LONGEST_VALUE = 131_072

# Limits of the contract, told before anything is sent.
_MOST_WORDS = 4096
_MOST_VARIABLES = 4096
_MOST_LABELS = 64
_MOST_OUTPUTS = 256
_MOST = 100_000
_LONGEST_RUN = 31_536_000.0


def _command(value: object) -> list[str]:
    if isinstance(value, str):
        words = ["bash", "-c", value]
        empty = not value.strip()
    elif isinstance(value, Sequence) and all(isinstance(word, str) for word in value):
        words = list(value)
        empty = not words or not words[0]
    else:
        raise wrong("command", value, "text for bash, or a list of words", "as in ['ls', '-l']")
    if len(words) > _MOST_WORDS:
        raise InvalidTaskConfig(
            f"the command has {len(words)} words", hint=f"a command has at most {_MOST_WORDS}"
        )
    if empty:
        raise InvalidTaskConfig("the command is empty", hint="name a program to run")
    return [checked_text("command", word, LONGEST_VALUE) for word in words]


def checked_text(field: str, value: object, longest: int) -> str:
    """Return a value that is text and can be sent.

    Args:
        field: What to call it in an error.
        value: What somebody wrote.
        longest: Most characters.

    Raises:
        InvalidTaskConfig: it is not text, is too long, or holds what is no character.
    """
    if not isinstance(value, str):
        raise wrong(field, value, "text", "put it in quotes")
    if "\0" in value:
        raise InvalidTaskConfig(
            f"{field} holds a NUL character", hint="take it out: no program can be given one"
        )
    if len(value) > longest:
        raise InvalidTaskConfig(
            f"{field} is longer than {longest} characters", hint=f"use at most {longest}"
        )
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidTaskConfig(
            f"{field} holds bytes that are not UTF-8", hint="write it in UTF-8, or leave it out"
        ) from error
    return value


def _name(value: object) -> str:
    text = checked_text("name", value, 128)
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise InvalidTaskConfig(
            f"invalid name {text!r}",
            hint="use letters, digits, . _ and -, and begin with a letter or digit",
        )
    return text


def _gpu(value: Any) -> list[str]:
    return [str(request) for request in parse_gpu(value)]


def _region(value: object) -> str:
    name = checked_text("region", value, 64)
    if not name:
        raise InvalidTaskConfig("region is empty", hint="leave it out for any region")
    return name


def _reservation(value: object) -> str:
    if not isinstance(value, str):
        from flowkit.reservation_fields import ReservationFields

        if not isinstance(value, ReservationFields):
            raise wrong("reservation", value, "a name, an id or a handle", "as in nightly")
        value = value.id
    if not re.fullmatch(RESERVATION_NAME, value):
        raise wrong("reservation", value, "a name or an id", "as in nightly")
    return value


def _instance_type(value: object) -> str:
    text = checked_text("instance_type", value, 200)
    InstanceTypeName.parse(text)
    return text


def _number(field: str, *, whole: bool = False) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        kind = int if whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind) or not 0 < value <= _MOST:
            wanted = f"a {'whole ' if whole else ''}number above 0, up to {_MOST}"
            raise wrong(field, value, wanted, "as in 4" if whole else "as in 4 or 0.5")
        return value

    return read


def _flag(field: str) -> Callable[[object], bool]:
    def read(value: object) -> bool:
        if not isinstance(value, bool):
            raise wrong(field, value, "true or false", "as in True")
        return value

    return read


def _memory(value: Any) -> float:
    return parse_memory_gb(value)


def _price(value: Any) -> int:
    return minor_units(value)


def _duration(value: Any) -> float:
    seconds = parse_duration(value)
    if seconds > _LONGEST_RUN:
        raise InvalidTaskConfig(
            f"max_run_time is more than {format_duration(_LONGEST_RUN)}",
            hint="leave it out for no limit",
        )
    return seconds


def _priority(value: object) -> int:
    if isinstance(value, str) and value.lower() in PRIORITIES:
        return PRIORITIES[value.lower()]
    if isinstance(value, bool) or not isinstance(value, int) or not -1000 <= value <= 1000:
        raise wrong(
            "priority",
            value,
            "a whole number from -1000 to 1000, nor low, med or high",
            "as in 10 or high",
        )
    return value


def _env(value: object) -> dict[str, str | None]:
    if isinstance(value, Mapping):
        pairs = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        pairs = dict(_pair(item) for item in value)
    else:
        # Shown by its type alone: it may hold what is secret, as all values of variables.
        raise wrong(
            "env", type(value), "a dict, or a list of NAME=VALUE and NAME", "as in {'A': '1'}"
        )
    if len(pairs) > _MOST_VARIABLES:
        raise InvalidTaskConfig(
            f"env has {len(pairs)} variables", hint=f"a task has at most {_MOST_VARIABLES}"
        )
    for name, text in pairs.items():
        if not isinstance(name, str) or not re.fullmatch(VARIABLE, name) or len(name) > 256:
            raise InvalidTaskConfig(
                f"invalid variable name {str(name)[:60]!r} in env",
                hint="a name is letters, digits and _, and does not begin with a digit",
            )
        if text is not None and not isinstance(text, str):
            raise wrong(f"env {name}", type(text), "text", "put it in quotes")
        if text is not None:
            checked_text(f"env {name}", text, LONGEST_VALUE)
    return pairs


def _pair(item: object) -> tuple[str, str | None]:
    if not isinstance(item, str):
        raise wrong("env", type(item), "NAME=VALUE or NAME", "as in ['A=1', 'HOME']")
    name, equals, value = item.partition("=")
    return name, value if equals else None


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong("labels", value, "a dict", "as in {'team': 'vision'}")
    if len(value) > _MOST_LABELS:
        raise InvalidTaskConfig(
            f"there are {len(value)} labels", hint=f"a task has at most {_MOST_LABELS}"
        )
    for name in value:
        if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._/-]{0,62}", name):
            raise InvalidTaskConfig(
                f"invalid label {str(name)[:80]!r}",
                hint="use up to 63 letters, digits, . _ / and -, and begin with a letter or digit",
            )
    return {name: checked_text(f"label {name}", text, 255) for name, text in value.items()}


def _slurm(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise wrong("slurm", value, "a dict of flags", "as in {'qos': 'high'}")
    flags: dict[str, str] = {}
    for name, text in value.items():
        if not isinstance(name, str) or not re.fullmatch("[a-z][a-z-]{0,63}", name):
            raise InvalidTaskConfig(
                f"invalid slurm flag {str(name)[:60]!r}",
                hint="write the long name without dashes before it, as in qos",
            )
        flags[name] = "" if text is None else checked_text(f"slurm flag {name}", text, 1024)
    return flags


def _working_dir(value: object) -> str:
    if not isinstance(value, str | os.PathLike):
        raise wrong("working_dir", value, "a path", "as in /data/run1")
    path = checked_text("working_dir", os.fspath(value), 4096)
    if not path:
        raise InvalidTaskConfig("working_dir is empty", hint="write . for the current directory")
    return path


def _outputs(value: object) -> list[str]:
    patterns = [value] if isinstance(value, str) else value
    if not isinstance(patterns, Sequence):
        raise wrong("outputs", value, "a path, or a list of paths", "as in ['checkpoints/']")
    if len(patterns) > _MOST_OUTPUTS:
        raise InvalidTaskConfig(
            f"there are {len(patterns)} outputs", hint=f"a task has at most {_MOST_OUTPUTS}"
        )
    return [_output(pattern) for pattern in patterns]


def _output(value: object) -> str:
    text = checked_text("outputs", value, 4096)
    if not text or text.startswith(("/", "~")) or ".." in text.split("/"):
        raise InvalidTaskConfig(
            f"invalid output {text[:60]!r}: it is not in the working directory",
            hint="write it relative to that, as in checkpoints/ or logs/*.json",
        )
    if not text.isprintable():
        raise InvalidTaskConfig(
            f"invalid output {text[:60]!r}: it has a character that cannot be printed",
            hint="let the task give what it keeps another name",
        )
    return text


def wrong(field: str, value: object, wanted: str, hint: str) -> InvalidTaskConfig:
    """Return the error about a value that is not what its field wants.

    Args:
        field: What the value was given for.
        value: What somebody wrote, or its type.
        wanted: What it is not, in words.
        hint: What to write instead.
    """
    # Only what is short for sure: the text of any other value may be long, or fail.
    if isinstance(value, str):
        shown = repr(value[:60])
    elif isinstance(value, type):
        shown = f"of type {value.__name__}"
    elif isinstance(value, float) or (isinstance(value, int) and abs(value) < 10**18):
        shown = repr(value)
    else:
        shown = f"of type {type(value).__name__}"
    return InvalidTaskConfig(f"invalid {field} {shown}: it is not {wanted}", hint=hint)


READERS: dict[str, Callable[[Any], Any]] = {
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
    "code": read_code,
    "region": _region,
    "reservation": _reservation,
    "max_price_per_hour": _price,
    "max_run_time": _duration,
    "priority": _priority,
    "labels": _labels,
    "slurm": _slurm,
    "volumes": read_volumes,
    "mounts": read_mounts,
    "outputs": _outputs,
    "secrets": read_secrets,
    "depends_on": read_dependencies,
    "retries": read_retries,
    "hold": _flag("hold"),
}
"""From what people write to what the contract has; each raises for what it cannot read."""
