"""The options that say what a task is, and the task that they make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from flowkit.cli.data_options import DATA_OPTIONS, data_fields
from flowkit.cli.env_file import read_env_file
from flowkit.cli.errors import BadInput
from flowkit.cli.options import (
    COUNT,
    CPUS,
    DURATION,
    MEMORY,
    PRIORITY,
    TEXT,
    Decorated,
    FileName,
    Number,
    utf8,
)

if TYPE_CHECKING:
    from flowkit import TaskConfig

_OPTIONS = (
    click.option("--gpu", type=TEXT, metavar="GPU", help="GPUs, such as a100:2 or gpu:40gb+."),
    click.option("--instance-type", type=TEXT, metavar="NAME", help="Machine, such as 8xh100."),
    click.option(
        "--min-gpu-memory",
        "min_gpu_memory_gb",
        type=MEMORY,
        metavar="SIZE",
        help="Least memory of each GPU, such as 40gb.",
    ),
    click.option("--cpus", type=CPUS, metavar="N", help="CPUs to reserve."),
    click.option(
        "--memory",
        "memory_gb",
        type=MEMORY,
        metavar="SIZE",
        help="Memory to reserve, such as 64gb.",
    ),
    click.option("--num-instances", type=COUNT, metavar="N", help="Machines to run on."),
    click.option("--region", type=TEXT, metavar="NAME", help="Region to run in."),
    click.option("--reservation", type=TEXT, metavar="NAME", help="Reservation to run in."),
    click.option(
        "--max-price",
        "max_price_per_hour",
        type=TEXT,
        metavar="PRICE",
        help="Most to pay for one hour, such as 2.50.",
    ),
    click.option(
        "--max-run-time",
        type=DURATION,
        metavar="DURATION",
        help="End the task after this long, such as 90s, 2h or 1d.",
    ),
    click.option(
        "--priority",
        type=PRIORITY,
        metavar="N",
        help="From -1000 to 1000, or low, med, high; higher ones start first.",
    ),
    click.option(
        "--retries",
        type=Number(),
        metavar="N",
        help="Start the task again up to this often when it fails.",
    ),
    click.option(
        "--depends-on",
        type=TEXT,
        multiple=True,
        metavar="[CONDITION:]TASK",
        help="Start after this task: afterok (completed), afterany (ended), after (started)."
        " Repeatable.",
    ),
    click.option(
        "--slurm",
        type=TEXT,
        multiple=True,
        metavar="FLAG[=VALUE]",
        help="Flag of sbatch for gateways with Slurm, such as qos=high. Repeatable.",
    ),
    click.option("--hold", is_flag=True, default=None, help="Do not start it before a release."),
    click.option("--name", type=TEXT, metavar="NAME", help="Name to find the task by."),
    click.option(
        "--label",
        "labels",
        type=TEXT,
        multiple=True,
        metavar="NAME=VALUE",
        help="Label to find the task by. Repeatable.",
    ),
    click.option(
        "--env",
        type=TEXT,
        multiple=True,
        metavar="NAME[=VALUE]",
        help="Set a variable, or pass on this shell's. Repeatable.",
    ),
    click.option(
        "--env-file",
        type=FileName(),
        multiple=True,
        metavar="FILE",
        help="Read variables from lines of NAME=VALUE. Repeatable.",
    ),
    click.option(
        "--workdir",
        "working_dir",
        type=TEXT,
        metavar="DIR",
        help="Directory to run in; this one unless given.",
    ),
    click.option(
        "--code",
        type=TEXT,
        metavar="CODE",
        help="Run a copy of this directory's files, or of a commit (git+https://HOST/PATH@REF);"
        " auto: this directory, copied only where the gateway is elsewhere; none: no files.",
    ),
    *DATA_OPTIONS,
    click.option(
        "-f",
        "--file",
        type=FileName(),
        metavar="FILE",
        help="Read the task from YAML; options and a command override it.",
    ),
)


def task_options(function: Decorated) -> Decorated:
    """Add the options of a task and its command, passed on as keywords.

    They belong to commands whose options end at the first argument: what follows it is the
    task's own.
    """
    function = click.argument("command", nargs=-1, type=click.UNPROCESSED)(function)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def task_config(
    command: tuple[str, ...],
    *,
    file: str | None,
    env: tuple[str, ...],
    env_file: tuple[str, ...],
    labels: tuple[str, ...],
    depends_on: tuple[str, ...],
    slurm: tuple[str, ...],
    **given: Any,
) -> TaskConfig:
    """Return the task that a command line asks for.

    Args:
        command: Words after the options.
        file: YAML file to start from.
        env: `NAME=VALUE` or `NAME`.
        env_file: Files of such lines; `env` goes before them.
        labels: `NAME=VALUE`.
        depends_on: Ids of tasks, each with or without a condition before it.
        slurm: `FLAG=VALUE` or `FLAG`.
        given: Fields of `TaskConfig`, None where the option is absent.

    Raises:
        BadInput: An argument is wrong or contradicts another, or there is no command.
        InvalidTaskConfig: The file or a value is wrong.
    """
    if not command and file is None:
        raise BadInput(
            "there is no command to run", hint="as in flowkit run --gpu a100 -- python train.py"
        )
    if given.get("gpu") is not None and given.get("instance_type") is not None:
        raise BadInput(
            "--gpu and --instance-type contradict each other",
            hint="an instance type says what GPUs it has: leave out --gpu",
        )
    data = {name: given.pop(name) for name in ("volumes", "mounts", "outputs", "secrets")}
    fields = {name: value for name, value in given.items() if value is not None}
    if fields.get("code") == "none":
        fields["code"] = False
    if command:
        fields["command"] = _command(command)
    from flowkit import TaskConfig

    base = TaskConfig.from_yaml(utf8(file, "--file")) if file is not None else None
    variables: dict[str, str | None] = {}
    if base is not None and base.env is not None:
        in_file = base.env
        variables |= in_file if isinstance(in_file, Mapping) else _environment(tuple(in_file))
    for path in env_file:
        variables |= read_env_file(path)
    variables |= _environment(env)
    if variables:
        fields["env"] = variables
    if depends_on:
        fields["depends_on"] = list(depends_on)
    fields |= data_fields(base, data)
    if slurm:
        fields["slurm"] = (dict(base.slurm or {}) if base else {}) | _environment(slurm)
    if labels:
        fields["labels"] = (dict(base.labels or {}) if base else {}) | _labels(labels)
    if base is not None:
        return base.replace(**fields)
    return TaskConfig(**fields)


def _command(words: tuple[str, ...]) -> str | list[str]:
    """Return one line for bash, or words that are executed as they are."""
    texts = [utf8(word, "COMMAND") for word in words]
    if not texts[0]:
        raise BadInput("the command is an empty word", hint="name a program to run")
    # A single argument that no program could be called by: a line of shell.
    if len(texts) == 1 and re.search(r"[\s|&;<>()$`\\\"'*?\[\]{}~#!=]", texts[0]):
        return texts[0]
    return texts


def _environment(given: tuple[str, ...]) -> dict[str, str | None]:
    pairs = (item.partition("=") for item in given)
    return {name: value if equals else None for name, equals, value in pairs}


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not (name and equals):
            raise BadInput(
                f"--label: {item[:60]!r} is not NAME=VALUE", hint="as in --label team=vision"
            )
        pairs[name] = value
    return pairs
