"""What a task leaves behind by its `outputs`, as a client gets it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

Document = dict[str, Any]


def run(api: httpx.Client, script: str, outputs: list[str]) -> Document:
    """Run a script to its end."""
    document = {"command": ["sh", "-c", script], "outputs": outputs}
    response = api.post("/v1/tasks", json=document)
    assert response.status_code == 201, response.text
    ended: Document = api.get(f"/v1/tasks/{response.json()['id']}:wait?timeout=20").json()
    assert "finished_at" in ended
    return ended


def outputs_of(api: httpx.Client, task: Document) -> list[str]:
    query = {"space": task["id"], "area": "outputs", "recursive": "true"}
    found = api.get("/v1/files", params=query).json()
    return [file["path"] for file in found["items"] if file["type"] == "file"]


def test_outputs_are_kept_whatever_becomes_of_the_task(local: httpx.Client) -> None:
    script = "mkdir -p checkpoints/2; echo a > checkpoints/1; echo b > checkpoints/2/w.pt; exit 3"
    task = run(local, script, ["checkpoints/", "metrics.json", "**/*.log"])
    assert task["exit_code"] == 3
    assert outputs_of(local, task) == ["checkpoints/1", "checkpoints/2/w.pt"]
    path = {"space": task["id"], "area": "outputs", "path": "checkpoints/2/w.pt"}
    assert local.get("/v1/files:read", params=path).text == "b\n"


def test_outputs_outlive_the_workspace(local: httpx.Client) -> None:
    task = run(local, "echo kept > kept; echo lost > lost", ["kept"])
    collected = local.post("/v1/server:collect_garbage", json={"older_than": 0}).json()
    assert [item["name"] for item in collected["items"]] == [task["id"]]
    assert outputs_of(local, task) == ["kept"]


@pytest.mark.parametrize("pattern", ["../x", "a/../../x", ".", "./", "a\nb", "a\x1b[2J"])
def test_what_is_no_output_is_refused_with_its_place(local: httpx.Client, pattern: str) -> None:
    document = {"command": ["true"], "outputs": ["fine", pattern]}
    response = local.post("/v1/tasks", json=document)
    assert response.json()["code"] == "invalid_path"
    assert response.json()["details"][0]["loc"] == "/body/outputs/1"
    assert local.get("/v1/tasks").json()["items"] == []
