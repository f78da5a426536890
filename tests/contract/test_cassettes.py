"""Both twins replay what a real gateway answered, and come to the same.

A scenario is written once, as calls that it yields; one driver makes them with `Flow`, the other
awaits them with `AsyncFlow`, over the same cassette. `make record` records the cassettes anew.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest

from flowkit import AsyncFlow, Flow, TaskConfig, errors
from tests.contract import recorded

Scenario = Callable[[Any], Generator[Any, Any, None]]

SCRIPT = "for step in 1 2 3; do echo step $step; done; echo careful >&2; exit 3"


def a_task_from_start_to_end(flow: Any) -> Generator[Any, Any, None]:
    task = yield flow.submit(
        SCRIPT, gpu="a100:2", name="recorded", labels={"kind": "cassette"}, code=False
    )
    assert task.status in ("pending", "starting", "running")
    task = yield flow.wait_for(task.id)
    assert (task.status, task.reason, task.exit_code) == ("failed", "exited", 3)
    assert (task.name, task.simulated) == ("recorded", True)
    assert task.created_at <= task.started_at <= task.finished_at
    stdout = yield flow.logs(task.id, stream="stdout")
    assert stdout.splitlines() == ["step 1", "step 2", "step 3"]
    followed = yield flow.logs(task.id, follow=True, stream="stderr")
    assert [line.rstrip("\n") for line in followed] == ["careful"]
    assert (yield flow.status(task.id)) == "failed"


def many_tasks_and_their_list(flow: Any) -> Generator[Any, Any, None]:
    tasks = yield flow.submit_many(
        [TaskConfig(command=["true"], code=False, labels={"batch": "recorded"}) for _ in range(3)]
    )
    for task in tasks:
        ended = yield flow.wait_for(task.id)
        assert (ended.status, ended.exit_code) == ("completed", 0)
    listed = yield flow.list_tasks(labels=["batch=recorded"], limit=None)
    assert [task.id for task in listed] == [task.id for task in reversed(tasks)]
    assert (yield flow.list_tasks(labels=["batch=recorded"], status="failed", limit=5)) == []


def a_task_is_cancelled(flow: Any) -> Generator[Any, Any, None]:
    task = yield flow.submit(["sleep", "60"], code=False)
    yield flow.wait_for(task.id, until="running")
    yield flow.cancel(task.id)
    task = yield flow.wait_for(task.id)
    assert (task.status, task.reason) == ("cancelled", "cancelled")


def what_can_be_asked_for(flow: Any) -> Generator[Any, Any, None]:
    found = yield flow.find_instances({"gpu_type": "a100", "min_gpu_memory_gb": 80}, limit=2)
    assert {each.gpu_model for each in found} == {"a100"}
    plan = yield flow.plan(TaskConfig(command="true", gpu="a100:2"))
    assert (plan.feasible, plan.simulated, plan.num_instances) == (True, True, 1)
    instance_type, count, warning = yield flow.normalize_instance_request(3, "h200")
    assert (instance_type, count) == ("4xh200", 1)
    assert "3" in warning


SCENARIOS = [
    a_task_from_start_to_end,
    many_tasks_and_their_list,
    a_task_is_cancelled,
    what_can_be_asked_for,
]


def a_task_that_is_not_there(flow: Any) -> Generator[Any, Any, None]:
    yield flow.get_task("task_00000000000000000000000000")


def a_thousand_instances(flow: Any) -> Generator[Any, Any, None]:
    yield flow.submit("true", num_instances=1000, code=False)


def more_than_there_is(flow: Any) -> Generator[Any, Any, None]:
    yield flow.submit("true", cpus=99999, code=False)


REFUSALS = [
    (a_task_that_is_not_there, errors.TaskNotFound, "task_not_found"),
    (a_thousand_instances, errors.UnsupportedByEngine, "unsupported_by_engine"),
    (more_than_there_is, errors.NoCapacity, "no_capacity"),
]


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[None]:
    """The cassette of a test's scenario, which both twins replay to its end."""
    name = f"{request.node.callspec.params['scenario'].__name__}.yaml"
    with recorder_of(name) as cassette:
        yield
    assert recorded.RECORDING or cassette.all_played


def recorder_of(name: str) -> Any:
    return recorded.recorder.use_cassette(name)


@pytest.mark.usefixtures("cassette")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_the_sync_twin(scenario: Scenario) -> None:
    with Flow(api_url=recorded.URL, api_key=recorded.KEY) as flow:
        play(scenario(flow))


@pytest.mark.skipif(recorded.RECORDING, reason="the sync twin records what both replay")
@pytest.mark.usefixtures("cassette")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
async def test_the_async_twin(scenario: Scenario) -> None:
    async with AsyncFlow(api_url=recorded.URL, api_key=recorded.KEY) as flow:
        await play_async(scenario(flow))


@pytest.mark.usefixtures("cassette")
@pytest.mark.parametrize(("scenario", "error", "code"), REFUSALS)
def test_a_refusal_is_a_typed_error(
    scenario: Scenario, error: type[errors.FlowError], code: str
) -> None:
    with Flow(api_url=recorded.URL, api_key=recorded.KEY) as flow, pytest.raises(error) as raised:
        play(scenario(flow))
    assert raised.value.code == code
    assert raised.value.correlation_id


def play(calls: Generator[Any, Any, None]) -> None:
    """Make a scenario's calls, which are made by being yielded."""
    result: Any = None
    while True:
        try:
            result = calls.send(result)
        except StopIteration:
            return
        if isinstance(result, Iterator):
            result = list(result)


async def play_async(calls: Generator[Any, Any, None]) -> None:
    """Await a scenario's calls."""
    result: Any = None
    while True:
        try:
            result = calls.send(result)
        except StopIteration:
            return
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, AsyncIterator):
            result = [each async for each in result]


@pytest.mark.parametrize(
    "interaction", recorded.interactions(), ids=[each.id for each in recorded.interactions()]
)
def test_what_was_recorded_keeps_the_contract(interaction: recorded.Interaction) -> None:
    recorded.check(interaction)


def test_every_scenario_is_recorded() -> None:
    names = {each.__name__ for each in SCENARIOS} | {each[0].__name__ for each in REFUSALS}
    assert {path.stem for path in recorded.CASSETTES.glob("*.yaml")} == names


@pytest.mark.parametrize(
    "path", sorted(recorded.CASSETTES.glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_cassette_holds_no_secret(path: Any) -> None:
    assert recorded.secrets_in(path.read_text()) == []


@pytest.mark.parametrize(
    "secret",
    [
        recorded.KEY,
        "Authorization: [x]",
        "Bearer abcdef",
        "AKIAABCDEFGHIJKLMNOP",
        '{"caller_env": {}}',
        "/home/ada/thesis",
        "L2hvbWUvYWRhL3RoZXNpcy9vZi9oZXJzLnR4dCAgIAog",
    ],
)
def test_a_secret_would_be_found(secret: str) -> None:
    assert recorded.secrets_in(f"- body: {secret}\n")
