"""Secrets in tasks: handed over when they start, and kept out of what is said about them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import StartGateway, end_all_tasks

VALUE = "s3cret-0123456789"
Document = dict[str, Any]


@pytest.fixture
def api(local: httpx.Client) -> httpx.Client:
    """A client of real processes, with a secret."""
    return with_secret(local)


def with_secret(api: httpx.Client, name: str = "TOKEN", value: str = VALUE) -> httpx.Client:
    """Keep a secret and return the client."""
    assert api.post("/v1/secrets", json={"name": name, "value": value}).status_code == 201
    return api


def submit(api: httpx.Client, *command: str, **settings: Any) -> httpx.Response:
    """Submit a task that is handed the secret unless it says otherwise."""
    document = {"command": command, "secrets": [{"name": "TOKEN"}], **settings}
    return api.post("/v1/tasks", json=document)


def run(api: httpx.Client, *command: str, **settings: Any) -> Document:
    """Run a task to its end."""
    response = submit(api, *command, **settings)
    assert response.status_code == 201, response.text
    return ended(api, response.json()["id"])


def ended(api: httpx.Client, task_id: str) -> Document:
    """Wait for a task's end."""
    document: Document = api.get(f"/v1/tasks/{task_id}:wait?timeout=20").json()
    assert "finished_at" in document, document
    return document


def output(api: httpx.Client, task: Document) -> list[str]:
    """Return the lines that a task wrote to stdout."""
    page = api.get(f"/v1/tasks/{task['id']}/logs?stream=stdout").json()
    return "".join(chunk["text"] for chunk in page["chunks"]).splitlines()


def test_a_secret_is_a_variable_by_its_name_unless_another_is_given(api: httpx.Client) -> None:
    with_secret(api, "db.password", "pass word")
    secrets = [{"name": "TOKEN"}, {"name": "db.password", "env": "PGPASSWORD"}]
    task = run(api, "sh", "-c", 'echo "$TOKEN $PGPASSWORD $HOME"', secrets=secrets)
    assert output(api, task) == [f"{VALUE} pass word {os.environ['HOME']}"]
    assert task["secrets"] == secrets


def test_what_the_task_itself_sets_goes_before(api: httpx.Client) -> None:
    task = run(api, "sh", "-c", "echo $TOKEN", env={"TOKEN": "mine"})
    assert output(api, task) == ["mine"]


def test_a_file_is_in_a_home_of_the_tasks_own(api: httpx.Client) -> None:
    secrets = [{"name": "TOKEN", "file": ".config/hub/token"}]
    script = 'cat "$HOME/.config/hub/token"; echo; echo "$HOME"; stat -c %a "$HOME" "$HOME/.config"'
    task = run(
        api, "sh", "-c", f'{script} "$HOME/.config/hub/token"; echo "$TOKEN"', secrets=secrets
    )
    value, home, *modes = output(api, task)
    assert value == VALUE
    assert home.endswith(f"{task['id']}/1/home")
    assert modes == ["700", "700", "600", ""]


def test_a_task_gets_the_value_that_the_secret_has_when_it_starts(api: httpx.Client) -> None:
    api.patch("/v1/secrets/TOKEN", json={"value": "newer-value"})
    assert output(api, run(api, "sh", "-c", "echo $TOKEN")) == ["newer-value"]


@pytest.mark.parametrize(
    ("secrets", "code", "loc"),
    [
        ([{"name": "TOKEN"}, {"name": "NONE"}], "secret_not_found", "/body/secrets/1/name"),
        ([{"name": "TOKEN"}, {"name": "TOKEN"}], "invalid_request", "/body/secrets/1"),
        ([{"name": "TOKEN", "env": "1"}], "invalid_request", "/body/secrets/0/env"),
        ([{"name": "a.b"}], "invalid_request", "/body/secrets/0/name"),
        ([{"name": "TOKEN", "file": "../x"}], "invalid_request", "/body/secrets/0/file"),
        ([{"name": "TOKEN", "file": "/etc/x"}], "invalid_request", "/body/secrets/0/file"),
        ([{"name": "TOKEN", "file": "a//b"}], "invalid_request", "/body/secrets/0/file"),
        ([{"name": "TOKEN", "file": "a/"}], "invalid_request", "/body/secrets/0/file"),
        ([{"name": "TOKEN", "file": "a\nb"}], "invalid_request", "/body/secrets/0/file"),
        ([{"name": "TOKEN", "file": "ä" * 200}], "invalid_request", "/body/secrets/0/file"),
        (
            [{"name": "TOKEN", "file": "a"}, {"name": "TOKEN", "file": "a/b"}],
            "invalid_request",
            "/body/secrets/1/file",
        ),
    ],
)
def test_what_cannot_be_handed_over_is_refused_before_there_is_a_task(
    api: httpx.Client, secrets: list[Document], code: str, loc: str
) -> None:
    response = submit(api, "true", secrets=secrets)
    assert response.json()["code"] == code
    assert response.json()["details"][0]["loc"] == loc
    assert api.get("/v1/tasks").json()["items"] == []


def test_of_many_tasks_the_wrong_one_is_named_and_none_is_created(api: httpx.Client) -> None:
    tasks = [{"command": ["true"]}, {"command": ["true"], "secrets": [{"name": "NONE"}]}]
    response = api.post("/v1/tasks:batch", json={"tasks": tasks})
    assert response.json()["code"] == "secret_not_found"
    assert response.json()["details"][0]["loc"] == "/body/tasks/1/secrets/0/name"
    assert api.get("/v1/tasks").json()["items"] == []


@pytest.mark.parametrize("named", ["env", "caller_env"])
def test_no_file_is_written_into_a_home_that_somebody_named(
    start_gateway: StartGateway, tmp_path: Path, named: str
) -> None:
    with start_gateway("--embedded", engine="local").client() as api:
        with_secret(api)
        settings: Document = {named: {"HOME": str(tmp_path)}}
        refused = submit(api, "true", secrets=[{"name": "TOKEN", "file": "x"}], **settings)
        assert refused.json()["code"] == "invalid_request"
        assert "caller's home" in refused.json()["detail"]
        assert "`env`" in refused.json()["hint"]
        task = run(api, "sh", "-c", "echo $HOME $TOKEN", **settings)
        assert output(api, task) == [f"{tmp_path} {VALUE}"]
        end_all_tasks(api)


def test_a_secret_of_another_project_is_none(api: httpx.Client, project: str) -> None:
    response = api.post(
        "/v1/tasks",
        json={"command": ["true"], "secrets": [{"name": "TOKEN"}]},
        headers={"Flowkit-Project": f"{project}-other"},
    )
    assert response.json()["code"] == "secret_not_found"


@pytest.mark.parametrize(
    "settings",
    [
        {"command": [VALUE]},
        {"command": [f"/nowhere/{VALUE}/x"]},
        {"command": ["/" + "x" * 420 + VALUE + "y" * 300]},
    ],
)
def test_no_message_about_a_task_shows_what_it_was_handed(
    api: httpx.Client, settings: Document
) -> None:
    response = api.post("/v1/tasks", json={"secrets": [{"name": "TOKEN"}], **settings})
    task = ended(api, response.json()["id"])
    assert task["reason"] == "start_failed"
    assert "***" in task["message"]
    assert VALUE[:6] not in task["message"]
    events = api.get(f"/v1/tasks/{task['id']}/events").json()["items"]
    assert any("***" in event.get("message", "") for event in events)
    assert VALUE not in json.dumps(events)
