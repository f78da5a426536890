"""`depends_on` and `retries` as people write them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from flowkit import TaskConfig
from flowkit.errors import InvalidTaskConfig
from flowkit.task_conditions import read_dependencies, read_retries

TASK = "task_" + "0" * 26


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (TASK, [{"task": TASK}]),
        (SimpleNamespace(id=TASK), [{"task": TASK}]),
        ([TASK, "prepare"], [{"task": TASK}, {"task": "prepare"}]),
        (f"after:{TASK}", [{"task": TASK, "condition": "after"}]),
        ({TASK: "afterany"}, [{"task": TASK, "condition": "afterany"}]),
        ({TASK: None}, [{"task": TASK}]),
        ([{"task": "a", "condition": "afterok"}], [{"task": "a", "condition": "afterok"}]),
        ([], []),
    ],
)
def test_dependencies_are_read(written: object, read: list[dict[str, str]]) -> None:
    assert read_dependencies(written) == read


@pytest.mark.parametrize(
    ("written", "words", "hint"),
    [
        ("", "is no task", "give a task"),
        ("a b", "is no task", "give a task"),
        (7, "of type int: it is no task", "give a task"),
        ([None], "of type NoneType", "give a task"),
        ("aftrok:a", "invalid condition 'aftrok'", "did you mean afterok?"),
        ({"a": 1}, "invalid condition of another type", "conditions: after, afterok, afterany"),
        ([{"id": "a"}], "no dependency", "write {task: ID"),
        (["a"] * 257, "names 257 tasks", "at most 256"),
    ],
)
def test_what_is_no_dependency_is_told(written: object, words: str, hint: str) -> None:
    with pytest.raises(InvalidTaskConfig, match=words) as caught:
        read_dependencies(written)
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (0, {"max": 0}),
        (3, {"max": 3}),
        ({"max": 3, "backoff": 0}, {"max": 3, "backoff": 0.0}),
        (
            {"max": 3, "on": "error", "backoff": "1m", "max_backoff": "1h"},
            {"max": 3, "on_causes": ["error"], "backoff": 60.0, "max_backoff": 3600.0},
        ),
        (
            {"max": 1, "on": ["error", "node_lost", "error"]},
            {"max": 1, "on_causes": ["error", "node_lost"]},
        ),
    ],
)
def test_retries_are_read(written: object, read: dict[str, object]) -> None:
    assert read_retries(written) == read


@pytest.mark.parametrize(
    ("written", "words", "hint"),
    [
        (-1, "-1 is not how often", "a whole number from 0 to 1000"),
        (True, "True is not how often", "a whole number"),
        ("3", "this is not how often", "a whole number"),
        ({}, "this is not how often", "a whole number"),
        ({"max": 1001}, "1001 is not how often", "a whole number"),
        ({"max": 1, "On": []}, "no field 'On'", "fields: max, on"),
        ({"max": 1, "on": []}, "no list of causes", "causes: error"),
        ({"max": 1, "on": ["eror"]}, "'eror' is no cause", "did you mean error?"),
        ({"max": 1, "on": 3}, "no list of causes", "causes: error"),
        ({"max": 1, "backoff": "10"}, "the unit is missing", "10s"),
        ({"max": 1, "backoff": -1}, "more than 0", ""),
        ({"max": 1, "backoff": "2d"}, "backoff is longer than", "shorter"),
    ],
)
def test_what_is_no_retry_policy_is_told(written: object, words: str, hint: str) -> None:
    with pytest.raises(InvalidTaskConfig, match=words) as caught:
        read_retries(written)
    assert hint in str(caught.value.hint)


def test_a_task_with_all_of_it_is_sent_as_the_contract_says() -> None:
    config = TaskConfig(
        command=["a"], depends_on=[TASK], retries={"max": 2, "on": "error"}, hold=True
    )
    assert config.to_wire().to_dict() == {
        "command": ["a"],
        "depends_on": [{"task": TASK}],
        "retries": {"max": 2, "on_causes": ["error"]},
        "hold": True,
    }


def test_a_file_may_say_on_though_yaml_takes_it_for_true(tmp_path: Path) -> None:
    file = tmp_path / "task.yaml"
    file.write_text("command: a\nretries:\n  max: 2\n  on: [error]\n")
    assert TaskConfig.from_yaml(file).retries == {"max": 2, "on": ["error"]}


def test_hold_is_a_flag() -> None:
    with pytest.raises(InvalidTaskConfig, match="hold"):
        TaskConfig(command="a", hold="yes")  # type: ignore[arg-type]  # what is shown
