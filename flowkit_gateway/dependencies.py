"""What tasks of one submission depend on: named, found, and without cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from flowkit_gateway.contract import invalid
from flowkit_gateway.problems import Detail, InvalidRequest

_DEFAULT = "afterok"
_Wanted = list[dict[str, str]]


def resolved(
    tasks: Sequence[Mapping[str, object]],
    ids: Sequence[str],
    locs: Sequence[str],
    exists: Callable[[str], bool],
) -> list[Mapping[str, object]]:
    """Return tasks whose dependencies are ids, each with its condition.

    Args:
        tasks: `TaskCreate` documents of one submission.
        ids: the ids that they will have.
        locs: JSON pointers of the documents in the request, for errors.
        exists: says whether the project has a task of an id.

    Raises:
        InvalidRequest: a dependency is nowhere, is ambiguous, or depends on what depends on it.
    """
    if not any(task.get("depends_on") for task in tasks):
        return list(tasks)
    by_name: dict[str, list[str]] = {}
    for task, task_id in zip(tasks, ids, strict=True):
        if "name" in task:
            by_name.setdefault(cast("str", task["name"]), []).append(task_id)
    documents = []
    for task, loc in zip(tasks, locs, strict=True):
        wanted = cast("_Wanted", task.get("depends_on") or [])
        found = [
            {
                "task": _found(each["task"], f"{loc}/depends_on/{place}/task", by_name, exists),
                "condition": each.get("condition") or _DEFAULT,
            }
            for place, each in enumerate(wanted)
        ]
        _refuse_doubles(found, loc)
        documents.append({**task, "depends_on": found} if found else task)
    _refuse_cycles(documents, ids, locs)
    return documents


def _found(
    name: str, loc: str, by_name: Mapping[str, list[str]], exists: Callable[[str], bool]
) -> str:
    of_that_name = by_name.get(name, [])
    if len(of_that_name) == 1:
        return of_that_name[0]
    if len(of_that_name) > 1:
        message = f"{len(of_that_name)} tasks of this batch are named {name!r}"
        raise _unusable(loc, message, "give each a name of its own")
    if exists(name):
        return name
    message = f"there is no task {name!r} to depend on"
    hint = "give the id of a task, or the name of one in the same batch"
    raise _unusable(loc, message, hint)


def _unusable(loc: str, message: str, hint: str) -> InvalidRequest:
    return InvalidRequest(message, hint=hint, details=[Detail(loc, message, hint)])


def _refuse_doubles(found: Sequence[Mapping[str, str]], loc: str) -> None:
    others = [each["task"] for each in found]
    for place, other in enumerate(others):
        if other in others[:place]:
            message = f"depends on {other} twice"
            raise invalid([Detail(f"{loc}/depends_on/{place}", message, "keep one of them")])


def _refuse_cycles(
    tasks: Sequence[Mapping[str, object]], ids: Sequence[str], locs: Sequence[str]
) -> None:
    """Raise InvalidRequest if tasks of this submission depend on each other in a circle."""
    places = {task_id: place for place, task_id in enumerate(ids)}
    # Only what is new can be part of a circle: nothing that is there depends on it.
    ahead = {
        place: {
            places[each["task"]]
            for each in cast("_Wanted", task.get("depends_on") or [])
            if each["task"] in places
        }
        for place, task in enumerate(tasks)
    }
    while free := [place for place, others in ahead.items() if not others]:
        for place in free:
            del ahead[place]
        for others in ahead.values():
            others.difference_update(free)
    if ahead:
        names = ", ".join(str(tasks[place].get("name") or place) for place in sorted(ahead))
        message = f"these tasks depend on each other in a circle: {names}"
        hint = "take out one of the dependencies"
        raise invalid([Detail(f"{locs[min(ahead)]}/depends_on", message, hint)])
