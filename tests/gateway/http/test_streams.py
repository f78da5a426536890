"""Server-sent events: what is sent, in which order, and how a cut stream is resumed."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import psutil
import pytest

from tests.conditions import eventually
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.http.test_tasks import Document, submit, wait


class SentEvent(NamedTuple):
    """One event of a stream."""

    type: str
    id: int
    data: Any


@contextmanager
def stream(
    api: httpx.Client, path: str, *, last_event_id: int | None = None
) -> Iterator[Iterator[SentEvent]]:
    """Open a stream and yield its events."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    with api.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["x-accel-buffering"] == "no"
        yield _events(response)


def _events(response: httpx.Response) -> Iterator[SentEvent]:
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        if line.startswith(":"):
            continue
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            yield SentEvent(fields["event"], int(fields["id"]), json.loads(fields["data"]))
            fields = {}


def run(local: httpx.Client, script: str) -> Document:
    return submit(local, command=["bash", "-c", script])


def output(events: list[SentEvent]) -> bytes:
    """Put a followed log together again, demanding that nothing is missing or doubled."""
    data = b""
    for event in events:
        if event.type == "log":
            chunk = event.data
            text = chunk.get("text")
            part = text.encode() if text is not None else base64.b64decode(chunk["base64"])
            data += part
            assert event.id == chunk["offset"] + len(part)
    return data


def test_a_task_is_followed_to_its_end(api: httpx.Client) -> None:
    task = submit(api)
    with stream(api, f"/v1/tasks/{task['id']}/events:follow") as events:
        seen = list(events)
    types = ["task.created", "task.starting", "task.running", "task.completed"]
    assert [event.type for event in seen] == types
    assert [event.id for event in seen] == [event.data["number"] for event in seen]


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4])
def test_a_cut_stream_of_events_is_resumed_without_gap_or_repetition(
    api: httpx.Client, cut: int
) -> None:
    task = wait(api, submit(api))
    path = f"/v1/tasks/{task['id']}/events:follow"
    with stream(api, path) as events:
        whole = list(events)
    last = whole[cut - 1].id if cut else 0
    with stream(api, path, last_event_id=last) as events:
        assert list(events) == whole[cut:]
    with stream(api, f"{path}?after={last}") as events:
        assert list(events) == whole[cut:]
    with stream(api, f"{path}?after=0", last_event_id=last) as events:
        assert list(events) == whole[cut:]


def test_a_project_is_followed_as_things_happen(holding: httpx.Client) -> None:
    before = submit(holding)
    wait(holding, before, until="running")
    with stream(holding, "/v1/events:follow") as events:
        task = submit(holding)
        first = next(events)
        assert (first.type, first.data["task_id"]) == ("task.created", task["id"])
        assert next(events).type == "task.starting"
        last = next(events)
        assert last.type == "task.running"
        holding.post(f"/v1/tasks/{task['id']}:cancel?force=true")
        assert {next(events).type, next(events).type} == {"task.cancel_requested", "task.cancelled"}
    with stream(holding, "/v1/events:follow", last_event_id=last.id) as events:
        assert next(events).id == last.id + 1


def test_a_long_history_is_sent_whole(api: httpx.Client) -> None:
    tasks = [{"command": ["true"]}] * 400
    items = api.post("/v1/tasks:batch", json={"tasks": tasks}).json()["items"]
    for item in items:
        wait(api, item)
    with stream(api, "/v1/events:follow?after=0") as events:
        ids = [next(events).id for _ in range(1600)]
    assert ids == list(range(1, 1601))


def test_followed_events_say_first_where_they_start(api: httpx.Client) -> None:
    """A client that is cut off before the first event resumes there, and misses none."""
    wait(api, submit(api))
    last = api.get("/v1/events").json()["items"][0]["number"]
    with api.stream("GET", "/v1/events:follow") as response:
        assert next(response.iter_lines()) == f"id: {last}"


@pytest.mark.parametrize("value", ["x", "-1", "1" * 17])
def test_a_place_in_a_stream_is_a_number(api: httpx.Client, value: str) -> None:
    response = api.get("/v1/events:follow", headers={"Last-Event-ID": value})
    assert response.json()["details"][0]["loc"] == "/header/Last-Event-ID"


def test_output_is_streamed_while_it_is_written(local: httpx.Client) -> None:
    task = run(local, "echo begun; read -t 20 < <(sleep 20); echo never")
    with stream(local, f"/v1/tasks/{task['id']}/logs:follow") as events:
        first = next(events)
        assert (first.data["text"], first.data["stream"], first.id) == ("begun\n", "stdout", 6)
        local.post(f"/v1/tasks/{task['id']}:cancel?force=true")
        end = next(events)
    assert (end.type, end.id, end.data) == (
        "end",
        6,
        {"offset": 6, "status": "cancelled", "attempt": 1},
    )


def test_a_followed_tail_says_first_where_it_starts(local: httpx.Client) -> None:
    """A client that is cut off before the first chunk resumes there, and loses nothing."""
    task = run(local, "printf 'one\\ntwo\\n'; sleep 30")
    path = f"/v1/tasks/{task['id']}/logs"
    eventually(lambda: local.get(path).json()["next_offset"] == 8)
    with local.stream("GET", f"{path}:follow?tail=1") as response:
        assert next(response.iter_lines()) == "id: 4"
    local.post(f"/v1/tasks/{task['id']}:cancel", params={"force": "true"})


def test_both_streams_are_followed_apart_or_together(local: httpx.Client) -> None:
    task = wait(local, run(local, "echo out; echo err >&2; exit 3"))
    path = f"/v1/tasks/{task['id']}/logs:follow"
    with stream(local, path) as events:
        seen = list(events)
    assert sorted(output(seen).split()) == [b"err", b"out"]
    assert seen[-1].data == {"offset": 8, "status": "failed", "attempt": 1}
    for name, text in [("stdout", b"out\n"), ("stderr", b"err\n")]:
        with stream(local, f"{path}?stream={name}") as events:
            assert output(list(events)) == text


def test_a_followed_log_is_resumed_at_any_byte(local: httpx.Client) -> None:
    text = "aé\n\r€ \U0001f600 \\n".encode()
    task = wait(local, submit(local, command=["printf", "%b", "aé\\n\\r€ 😀 \\\\n\\0377"]))
    path = f"/v1/tasks/{task['id']}/logs:follow"
    with stream(local, path) as events:
        whole = output(list(events))
    assert whole == text + b"\xff"
    for offset in range(len(whole) + 2):
        with stream(local, path, last_event_id=offset) as events:
            seen = list(events)
        assert output(seen) == whole[offset:]
        assert (seen[-1].type, seen[-1].id) == ("end", max(offset, len(whole)))


def test_all_machines_are_followed_at_once_and_resumed_at_any_byte(local: httpx.Client) -> None:
    command = ["bash", "-c", "echo node $FLOWKIT_NODE_RANK; exit $FLOWKIT_NODE_RANK"]
    task = wait(local, submit(local, command=command, num_instances=2, cpus=0.2))
    path = f"/v1/tasks/{task['id']}/logs:follow?all_nodes=true"
    for first, second in [(0, 0), (7, 3), (0, 7), (7, 7)]:
        place = f"{first}.{second}"
        with local.stream("GET", path, headers={"Last-Event-ID": place}) as response:
            lines = [line for line in response.iter_lines() if line.startswith(("id:", "data:"))]
        chunks = [json.loads(line.partition(": ")[2]) for line in lines if line[0] == "d"]
        texts = {chunk["node"]: chunk["text"] for chunk in chunks[:-1]}
        wanted = {0: "node 0\n"[first:], 1: "node 1\n"[second:]}
        assert texts == {node: text for node, text in wanted.items() if text}
        assert (lines[-2], chunks[-1]["offset"]) == ("id: 7.7", 14)


@pytest.mark.parametrize(
    ("query", "header", "loc"),
    [
        ("node=0&all_nodes=true", None, "/query/node"),
        ("offset=3&all_nodes=true", None, "/query/offset"),
        ("all_nodes=true", "3", "/header/Last-Event-ID"),
        ("node=1", "3.4", "/header/Last-Event-ID"),
        ("all_nodes=true", "3.", "/header/Last-Event-ID"),
    ],
)
def test_a_place_in_a_stream_is_that_of_its_nodes(
    local: httpx.Client, query: str, header: str | None, loc: str
) -> None:
    task = submit(local, command=["true"], num_instances=2, cpus=0.2)
    headers = {} if header is None else {"Last-Event-ID": header}
    response = local.get(f"/v1/tasks/{task['id']}/logs:follow?{query}", headers=headers)
    assert response.status_code in (400, 422)
    assert response.json()["details"][0]["loc"] == loc


def test_a_queued_task_is_followed_from_its_start(local: httpx.Client) -> None:
    cpus = local.get("/v1/server").json()["limits"]["cpus"]
    blocker = submit(local, command=["sleep", "60"], cpus=cpus)
    queued = submit(local, command=["echo", "at last"], cpus=cpus)
    with stream(local, f"/v1/tasks/{queued['id']}/logs:follow?tail=5") as events:
        local.post(f"/v1/tasks/{blocker['id']}:cancel?force=true")
        assert output(list(events)) == b"at last\n"


def test_a_task_that_never_started_ends_its_log(holding: httpx.Client) -> None:
    everything = {"cpus": 100_000}
    submit(holding, **everything)
    queued = submit(holding, **everything)
    path = f"/v1/tasks/{queued['id']}"
    assert holding.get(f"{path}/logs").json() == {"chunks": [], "next_offset": 0, "end": False}
    with stream(holding, f"{path}/logs:follow") as events:
        holding.post(f"{path}:cancel")
        end = next(events)
        assert (end.type, end.data) == ("end", {"offset": 0, "status": "cancelled"})
    assert holding.get(f"{path}/logs").json()["end"] is True


def test_pages_of_a_log_join_without_gap(local: httpx.Client) -> None:
    script = "for i in $(seq 300); do echo línea $i; done; printf '\\xff\\xfe'"
    task = wait(local, run(local, script))
    whole = b"".join(b"l\xc3\xadnea %d\n" % number for number in range(1, 301)) + b"\xff\xfe"
    for max_bytes in (1, 7, 1000, 1_000_000):
        data, offset, end = b"", 0, False
        while not end:
            query = {"offset": str(offset), "max_bytes": str(max_bytes), "stream": "stdout"}
            page = local.get(f"/v1/tasks/{task['id']}/logs", params=query).json()
            for chunk in page["chunks"]:
                assert chunk["offset"] == len(data)
                text = chunk.get("text")
                data += text.encode() if text is not None else base64.b64decode(chunk["base64"])
            assert page["next_offset"] == len(data)
            assert page["next_offset"] - offset <= max_bytes
            assert page["next_offset"] > offset or page["end"]
            offset, end = page["next_offset"], page["end"]
            if max_bytes == 1 and offset > 60:
                break
        assert whole.startswith(data)
        assert max_bytes == 1 or data == whole


def test_reading_begins_where_it_was_asked_to(local: httpx.Client) -> None:
    task = wait(local, run(local, "echo one; echo two; sleep 0.1; echo three"))
    path = f"/v1/tasks/{task['id']}/logs"

    def text(**query: str) -> str:
        chunks = local.get(path, params=query).json()["chunks"]
        return "".join(chunk["text"] for chunk in chunks)

    third = local.get(path, params={"tail": "1"}).json()["chunks"][0]
    assert third["text"] == "three\n"
    assert text(tail="2") == "two\nthree\n"
    assert text(tail="0") == ""
    assert text(since=third["time"]) == "three\n"
    assert text(since=third["time"].lower()) == "three\n"
    assert text(since="2000-01-01T00:00:00+01:00") == "one\ntwo\nthree\n"
    assert text(since="2000-01-01T00:00:00Z", tail="2") == "two\nthree\n"
    assert text(since=third["time"], tail="3") == "three\n"
    assert text(offset="4", tail="1", since=third["time"]) == "two\nthree\n"
    assert text(offset="1000") == ""
    leap = local.get(path, params={"since": "2016-12-31T23:59:60Z"})
    assert leap.json()["details"][0]["loc"] == "/query/since"


def test_a_client_that_goes_away_frees_its_streams(
    holding_gateway: GatewayProcess, holding: httpx.Client
) -> None:
    task = wait(holding, submit(holding), until="running")
    assert holding_gateway.process is not None
    process = psutil.Process(holding_gateway.process.pid)
    before = process.num_fds()
    for _ in range(3):
        with (
            stream(holding, "/v1/events:follow?after=0") as project_events,
            stream(holding, f"/v1/tasks/{task['id']}/events:follow") as task_events,
            stream(holding, f"/v1/tasks/{task['id']}/logs:follow"),
        ):
            assert next(project_events).type == next(task_events).type == "task.created"
    eventually(lambda: process.num_fds() <= before)


def test_many_streams_of_one_task_are_told_the_same(
    holding_gateway: GatewayProcess, holding: httpx.Client, project: str
) -> None:
    task = wait(holding, submit(holding), until="running")
    following = threading.Barrier(11)
    seen: list[list[str]] = []

    def follow() -> None:
        with (
            holding_gateway.client(project) as client,
            stream(client, f"/v1/tasks/{task['id']}/events:follow") as events,
        ):
            types = [next(events).type]
            following.wait(10)
            seen.append(types + [event.type for event in events])

    threads = [threading.Thread(target=follow) for _ in range(10)]
    for thread in threads:
        thread.start()
    following.wait(10)
    holding.post(f"/v1/tasks/{task['id']}:cancel?force=true")
    for thread in threads:
        thread.join(10)
    assert len(seen) == 10
    assert all(types == seen[0] for types in seen)
    assert seen[0][-1] == "task.cancelled"
