"""The tasks of a sweep's cases: what all have in common, with the values of each filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from flowkit.errors import InvalidSweep as InvalidGrammar
from flowkit.sweeps import Cases, fill, longest_filled
from flowkit_gateway.problems import Detail, InvalidSweep

_LABEL = "sweep"
_ID, _CASE, _PARAMETERS = "FLOWKIT_SWEEP_ID", "FLOWKIT_SWEEP_CASE", "FLOWKIT_SWEEP_PARAMETERS"
_MOST_LABELS = 64
_MOST_VARIABLES = 4096
_LONGEST_WORD = 131_072
_LONGEST_NAME = 128


def cases_of(listed: object, combine: str) -> tuple[dict[str, list[str]], Cases]:
    """Return the values of each parameter, and the cases that they make.

    Args:
        listed: the `parameters` of a validated `SweepCreate`.
        combine: how their values are combined.

    Raises:
        InvalidSweep: they cannot be combined.
    """
    parameters: dict[str, list[str]] = {}
    for place, parameter in enumerate(cast("list[dict[str, object]]", listed)):
        name = cast("str", parameter["name"])
        if name in parameters:
            raise _invalid(f"/body/parameters/{place}/name", f"the parameter {name} is given twice")
        parameters[name] = cast("list[str]", parameter["values"])
    try:
        return parameters, Cases(parameters, combine)
    except InvalidGrammar as error:
        raise _invalid("/body/parameters", error.message, error.hint) from None


def check_task(task: Mapping[str, object], parameters: Mapping[str, list[str]]) -> None:
    """Check that the task of every case is one that could be submitted.

    Args:
        task: the `TaskCreate` document that the cases have in common.
        parameters: the values of each parameter.

    Raises:
        InvalidSweep: the task of some case could not be.
    """
    env = cast("dict[str, str]", task.get("env") or {})
    reserved = (*parameters, _ID, _CASE, _PARAMETERS)
    if twice := [name for name in reserved if name in env]:
        raise _invalid(
            "/body/task/env",
            f"the variable {twice[0]} is set by the sweep and by the task",
            f"take {twice[0]} out of env",
        )
    if len(env) + len(reserved) > _MOST_VARIABLES:
        raise _invalid("/body/task/env", f"a case would have more than {_MOST_VARIABLES} variables")
    if len({*cast("dict[str, str]", task.get("labels") or {}), _LABEL}) > _MOST_LABELS:
        raise _invalid(
            "/body/task/labels",
            f"there is no room for the label `{_LABEL}`",
            f"leave out one of the {_MOST_LABELS} labels",
        )
    longest = {name: max(map(len, values)) for name, values in parameters.items()}
    words = {
        **{f"command/{at}": word for at, word in enumerate(cast("list[str]", task["command"]))},
        **{f"env/{name}": value for name, value in env.items()},
    }
    for where, text in words.items():
        if longest_filled(text, longest) > _LONGEST_WORD:
            message = f"it is longer than {_LONGEST_WORD} characters with the longest values"
            raise _invalid(f"/body/task/{where}", message, "write long values to files")
    largest = {name: max(values, key=_encoded_size) for name, values in parameters.items()}
    if _encoded_size(largest) > _LONGEST_WORD:
        raise _invalid(
            "/body/parameters",
            "the values of one case are too long together",
            "write long values to files, and sweep over the names of files",
        )


def _encoded_size(document: object) -> int:
    return len(msgspec.json.encode(document))


def case_task(
    task: Mapping[str, object], sweep_id: str, cases: Cases, number: int
) -> dict[str, object]:
    """Return the `TaskCreate` document of a case, with `sweep_id` and `sweep_case`.

    Args:
        task: the document that the cases have in common.
        sweep_id: the sweep.
        cases: all of its cases.
        number: which one.
    """
    values = cases[number]
    env = cast("dict[str, str]", task.get("env") or {})
    document = {
        **task,
        "command": [fill(word, values) for word in cast("list[str]", task["command"])],
        "env": {
            **{name: fill(text, values) for name, text in env.items()},
            **values,
            _ID: sweep_id,
            _CASE: str(number),
            _PARAMETERS: msgspec.json.encode(values).decode(),
        },
        "labels": {**cast("dict[str, str]", task.get("labels") or {}), _LABEL: sweep_id},
        "sweep_id": sweep_id,
        "sweep_case": number,
    }
    if (name := cast("str | None", task.get("name"))) is not None:
        suffix = f"-{number}"
        document["name"] = name[: _LONGEST_NAME - len(suffix)] + suffix
    return document


def _invalid(loc: str, message: str, hint: str | None = None) -> InvalidSweep:
    return InvalidSweep(message, hint=hint, details=[Detail(loc, message, hint)])
