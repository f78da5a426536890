"""The options that say what data and secrets a task gets, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from flowkit.cli.errors import BadInput
from flowkit.cli.options import TEXT

if TYPE_CHECKING:
    from flowkit import TaskConfig

DATA_OPTIONS = (
    click.option(
        "--volume",
        "volumes",
        type=TEXT,
        multiple=True,
        metavar="NAME[:/PATH[:ro]]",
        help="Mount a volume, at /volumes/NAME unless told. Repeatable.",
    ),
    click.option(
        "--mount",
        "mounts",
        type=TEXT,
        multiple=True,
        metavar="[TARGET=]SOURCE",
        help="Mount data: volume://, s3://, gs://, az://, https:// or a path. Repeatable.",
    ),
    click.option(
        "--outputs",
        type=TEXT,
        multiple=True,
        metavar="PATH",
        help="Keep this after the task, such as checkpoints/ or '*.json'. Repeatable.",
    ),
    click.option(
        "--secret",
        "secrets",
        type=TEXT,
        multiple=True,
        metavar="[VARIABLE=]NAME",
        help="Hand the task a secret as a variable. Repeatable.",
    ),
)


def data_fields(base: TaskConfig | None, given: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    """Return the fields of a task that these options and its file say together.

    Args:
        base: The task of the file.
        given: What was given of each option, by its field.

    Raises:
        BadInput: A secret is not named.
    """
    fields: dict[str, object] = {}
    for name, texts in given.items():
        if not texts:
            continue
        items: list[object] = [_secret(text) for text in texts] if name == "secrets" else [*texts]
        fields[name] = [*_listed(getattr(base, name, None)), *items]
    return fields


def _listed(value: object) -> list[object]:
    """Return what a file says as a list that can be added to."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _secret(text: str) -> str | dict[str, str]:
    variable, equals, name = text.partition("=")
    if not equals:
        return text
    if not (variable and name):
        raise BadInput(
            "--secret: this is not [VARIABLE=]NAME", hint="as in --secret HF_TOKEN=my-token"
        )
    return {"name": name, "env": variable}
