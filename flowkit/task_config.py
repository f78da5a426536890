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

from flowkit.code_sources import AUTO, CodeDirectory, CodeSource, GitCode, read_code
from flowkit.errors import InvalidRequest, InvalidTaskConfig
from flowkit.gpus import GPURequest
from flowkit.suggestions import did_you_mean
from flowkit.task_values import LONGEST_VALUE, READERS, VARIABLE, checked_text, wrong

if TYPE_CHECKING:
    from flowkit_api.models import TaskCreate

    from flowkit.mount_specs import MountLike, VolumeLike
    from flowkit.reservation_fields import ReservationFields

NOT_YET_SUPPORTED = frozenset(
    {
        "idle_timeout",
        "image",
        "ports",
        "ssh_keys",
    }
)
"""Fields that are agreed on and that this release does not have."""

_CALLERS = ("PATH", "VIRTUAL_ENV", "PYTHONPATH", "HOME", "LANG")
_CALLERS_PREFIXES = ("CONDA_", "LC_")


class InPlace(NamedTuple):
    """Whose place a task runs in, where client and gateway are one user on one machine."""

    directory: str | None
    """Where the caller is; None when that directory has been removed."""
    environment: dict[str, str]
    """What makes it the same place for a program: paths, activated environments, the language."""

    def __repr__(self) -> str:
        return f"InPlace({self.directory!r})"

    @classmethod
    def here(cls) -> InPlace:
        """Return the place of this process.

        Raises:
            InvalidTaskConfig: a variable is not UTF-8.
        """
        try:
            directory = os.getcwd()
        except FileNotFoundError:
            directory = None
        return cls(directory, _visible(os.environ))


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
        working_dir: Directory to run in; one of the code, relative to it, where that is copied.
        code: What it starts from. `auto`, the usual one, is the current directory: in place where
            client and gateway are one user on one machine, else a private copy of a snapshot of
            it. True for a copy in any case; the path of another directory; False for nothing; or
            a commit that the gateway checks out: `git+https://host/repository@ref`, or a dict of
            `repository`, `ref` and `secret`.
        volumes: Volumes that it uses: a list of `VolumeSpec`, of dicts of its fields, of handles,
            or of `NAME[:/PATH[:ro]]`.
        mounts: Data that it uses: a source such as `volume://datasets` or `s3://bucket/train`, a
            dict of paths to sources, a `MountSpec`, or a list of these. A path of this machine
            is a source too.
        outputs: What is kept after it: a path relative to the working directory, in which `*`,
            `?`, `[...]` and `**` match, or a list of these.
        secrets: Secrets that it is handed: a list of names, or a dict of variables to names.
        region: Region to run in.
        reservation: Reservation to run in: its name, its id or a handle.
        max_price_per_hour: Most to pay for one hour, in US dollars.
        max_run_time: When to end the task: text with a unit (`90s`, `2h`), a number of seconds,
            or a timedelta.
        priority: From -1000 to 1000, or `low`, `med`, `high`; tasks of a higher one start first.
        labels: Names and values to find the task by.
        depends_on: Tasks that go before this one: a handle, an id, or a list of these; with a
            condition before an id (`afterok:ID`, which is the usual one, `afterany:`, `after:`),
            or as a dict of ids to conditions. In a batch, names of tasks of the batch too.
        retries: How often the task is started again when it fails, or a dict of `max`, `on`
            (causes), `backoff` and `max_backoff`.
        hold: Do not start the task until it is released.
        slurm: Flags of `sbatch` that only gateways with Slurm read, by their long names: a dict,
            where None or empty text is a flag without a value.

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
    code: bool | str | os.PathLike[str] | Mapping[str, str] | None = None
    volumes: Sequence[VolumeLike] | Mapping[str, str] | None = None
    mounts: MountLike | Sequence[MountLike] | None = None
    outputs: str | Sequence[str] | None = None
    secrets: Sequence[str | Mapping[str, str]] | Mapping[str, str | None] | None = None
    region: str | None = None
    reservation: str | ReservationFields | None = None
    max_price_per_hour: float | str | None = None
    max_run_time: str | float | timedelta | None = None
    priority: int | str | None = None
    labels: Mapping[str, str] | None = None
    depends_on: object = None
    retries: int | Mapping[str, object] | None = None
    hold: bool | None = None
    slurm: Mapping[str, str | None] | None = None

    def __attrs_post_init__(self) -> None:
        for name, read in READERS.items():
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
            if not os.path.lexists(task):
                raise InvalidTaskConfig(
                    f"there is no file {task}",
                    hint="a command that ends in .yaml is given as a list: [command]",
                )
            return cls.from_yaml(task)
        return cls(command=task)

    @classmethod
    def from_dict(cls, fields: Mapping[str, object]) -> TaskConfig:
        """Return a task from its fields.

        Raises:
            InvalidTaskConfig: there is no such field, or a value cannot be read.
        """
        if not isinstance(fields, Mapping):
            raise wrong("task", fields, "a dict of fields", "as in {'command': 'python a.py'}")
        named: dict[str, Any] = {str(name): value for name, value in fields.items()}
        return cls(**named)

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

        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise wrong("file", path, "the path of a YAML file", "as in task.yaml")
        fields = read_task(Path(path))
        for name, (value, where) in fields.items():
            try:
                cls.from_dict({name: value})
            except InvalidRequest as error:
                raise type(error)(f"{where}: {error.message}", hint=error.hint) from error
        return cls.from_dict({name: value for name, (value, _) in fields.items()})

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

    def code_directory(self, in_place: InPlace | None = None) -> str | None:
        """Return the directory whose snapshot the task starts from; None when it needs none.

        Args:
            in_place: Where the task runs when it runs in its caller's place.
        """
        code = read_code(AUTO if self.code is None else self.code)
        if isinstance(code, CodeDirectory):
            return _absolute(code.path)
        # Who names a directory of the gateway's machine has the code there.
        is_elsewhere = self.working_dir is not None and os.path.isabs(self.working_dir)
        if code == AUTO and in_place is None and not is_elsewhere:
            return _absolute(".")
        return None

    def to_wire(
        self, in_place: InPlace | None = None, *, snapshot_id: str | None = None
    ) -> TaskCreate:
        """Return the task as the contract has it.

        Args:
            in_place: Where the task runs when it runs in its caller's place.
            snapshot_id: The snapshot of `code_directory`. Without it the task is as it would be
                checked, but for its code.

        Raises:
            InvalidTaskConfig: there is no command, a variable is not set, or the directory does
                not exist.
        """
        from flowkit_api.models import Dependency, Money, RetryPolicy, TaskCreate, TaskSecret

        values = {
            name: read(value)
            for name, read in READERS.items()
            if (value := getattr(self, name)) is not None
        }
        if "command" not in values:
            raise InvalidTaskConfig("there is no command to run", hint="give a command")
        if "env" in values:
            values["env"] = _resolved(values["env"])
        _mount(values, in_place)
        if "secrets" in values:
            values["secrets"] = [TaskSecret.from_dict(each) for each in values["secrets"]]
        if (price := values.pop("max_price_per_hour", None)) is not None:
            values["max_price_per_hour"] = Money(amount_minor=price, currency="USD")
        if "depends_on" in values:
            values["depends_on"] = [Dependency.from_dict(each) for each in values["depends_on"]]
        if "retries" in values:
            values["retries"] = RetryPolicy.from_dict(values["retries"])
        code = values.pop("code", AUTO)
        if code == AUTO and in_place is not None:
            values["working_dir"] = _directory(values.get("working_dir"), in_place.directory)
            values["caller_env"] = in_place.environment
        else:
            _put_code(values, code, snapshot_id, needs_snapshot=bool(self.code_directory(in_place)))
        return TaskCreate(**values)


TaskLike: TypeAlias = TaskConfig | str | Path | Sequence[str] | Mapping[str, object]
"""Whatever `TaskConfig.of` takes."""

FIELDS = tuple(attribute.name for attribute in attrs.fields(TaskConfig))


def _refuse_unknown(init: Callable[..., None]) -> Callable[..., None]:
    @wraps(init)
    def checked(self: TaskConfig, *unnamed: object, **fields: object) -> None:
        if unnamed:
            raise InvalidTaskConfig(
                "a task's fields are given by name", hint="as in TaskConfig(command=...)"
            )
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


def _resolved(env: dict[str, str | None]) -> dict[str, str]:
    missing = [name for name, value in env.items() if value is None and name not in os.environ]
    if missing:
        raise InvalidTaskConfig(
            f"env takes {', '.join(missing)} from the caller, where it is not set",
            hint=f"export {missing[0]}, or give it a value",
        )
    given = {name: os.environ[name] if value is None else value for name, value in env.items()}
    return {
        name: checked_text(f"env {name}", value, LONGEST_VALUE) for name, value in given.items()
    }


def _mount(values: dict[str, Any], in_place: InPlace | None) -> None:
    """Put volumes and mounts into the one list that the contract has, and what they sign in with.

    Raises:
        InvalidMount: two of them cannot be together, or a local path does not exist.
    """
    mounts = [*values.pop("volumes", ()), *values.pop("mounts", ())]
    if not mounts:
        return
    from flowkit.mount_credentials import mount_credentials
    from flowkit.mounts import check_apart

    check_apart(mount.target for mount in mounts)
    here = None if in_place is None else in_place.directory
    values["mounts"] = [mount.to_wire(here) for mount in mounts]
    values["mount_env"] = mount_credentials(mounts) or None


def _absolute(path: str) -> str:
    try:
        return os.path.abspath(os.path.expanduser(path))
    except FileNotFoundError as error:
        raise InvalidTaskConfig(
            "the current directory does not exist any more", hint="change into one that does"
        ) from error


def _put_code(
    values: dict[str, Any], code: CodeSource, snapshot_id: str | None, *, needs_snapshot: bool
) -> None:
    """Say where a private workspace is from, and check the directory in it."""
    if isinstance(code, GitCode):
        from flowkit_api.models import GitSource

        values["git"] = GitSource(**code._asdict())
    elif needs_snapshot:
        values["snapshot_id"] = snapshot_id
    if (folder := values.get("working_dir")) is None or os.path.isabs(folder):
        return
    if code is None:
        raise InvalidTaskConfig(
            f"working_dir {folder} is not absolute, and there is no code to find it in",
            hint="name a directory of the gateway's machine by its whole path",
        )
    folder = os.path.normpath(folder)
    if folder.split("/")[0] in ("..", "~"):
        raise InvalidTaskConfig(
            f"working_dir {folder} leaves the code", hint="name a directory in it"
        )
    values["working_dir"] = folder
    if folder == "." or (needs_snapshot and snapshot_id is None):
        del values["working_dir"]


def _directory(given: str | None, here: str | None) -> str:
    path = os.path.expanduser(given or ".")
    if not os.path.isabs(path):
        if here is None:
            raise InvalidTaskConfig(
                "the current directory does not exist any more",
                hint="change into one that does, or give a working_dir by its absolute path",
            )
        path = os.path.join(here, path)
    path = os.path.abspath(path)
    if not os.path.isdir(path):
        problem = "is not a directory" if os.path.exists(path) else "does not exist"
        raise InvalidTaskConfig(
            f"working_dir {path} {problem}", hint="name a directory of this machine"
        )
    if not os.access(path, os.X_OK):
        raise InvalidTaskConfig(
            f"working_dir {path} cannot be entered", hint="it needs the permission to execute (x)"
        )
    return path


def _visible(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: checked_text(f"the environment variable {name}", value, LONGEST_VALUE)
        for name, value in environment.items()
        if (name in _CALLERS or name.startswith(_CALLERS_PREFIXES)) and re.fullmatch(VARIABLE, name)
    }
