"""Tasks on a gateway, whichever engine it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tests.conditions import eventually

WITHIN = 40.0
Task = Mapping[str, Any]


class Work:
    """Submits tasks to a gateway and waits for what becomes of them.

    Args:
        client: of the gateway, in a project of the test's own.
        engine: its engine.
    """

    def __init__(self, client: httpx.Client, engine: str) -> None:
        self.client = client
        self.engine = engine

    def submit(self, command: Sequence[str], **fields: object) -> str:
        """Submit a task and return its id."""
        body = {"command": command, "env": {"PATH": "/usr/local/bin:/usr/bin:/bin"}, **fields}
        answer = self.client.post("/v1/tasks", json=body)
        assert answer.status_code == 201, answer.text
        task_id: str = answer.json()["id"]
        return task_id

    def shell(self, script: str, **fields: object) -> str:
        """Submit a script for bash."""
        return self.submit(["bash", "-c", script], **fields)

    def get(self, task_id: str) -> Task:
        """Return a task as it is now."""
        task: Task = self.client.get(f"/v1/tasks/{task_id}").json()
        return task

    def end(self, task_id: str) -> Task:
        """Wait for a task's end."""
        return self._reach(task_id, "terminal", ("completed", "failed", "cancelled"))

    def running(self, task_id: str) -> Task:
        """Wait until a task runs."""
        return self._reach(task_id, "running", ("running",))

    def run(self, script: str, **fields: object) -> Task:
        """Run a script for bash to its end."""
        return self.end(self.shell(script, **fields))

    def output(self, task_id: str, stream: str | None = None, *, node: int = 0) -> str:
        """Return what a task has written."""
        query: dict[str, str | int] = {"node": node, **({"stream": stream} if stream else {})}
        chunks = self.client.get(f"/v1/tasks/{task_id}/logs", params=query).json()["chunks"]
        return "".join(chunk["text"] for chunk in chunks)

    def written(self, task_id: str, text: str) -> None:
        """Wait until a task has written something."""
        eventually(lambda: text in self.output(task_id), within=WITHIN, every=0.05)

    def cancel(self, task_id: str, *, force: bool = False) -> Task:
        """Cancel a task and wait for its end."""
        self.client.post(f"/v1/tasks/{task_id}:cancel", params={"force": force})
        return self.end(task_id)

    def _reach(self, task_id: str, until: str, statuses: Sequence[str]) -> Task:
        def reached() -> bool:
            query: dict[str, str | int] = {"until": until, "timeout": 10}
            task = self.client.get(f"/v1/tasks/{task_id}:wait", params=query).json()
            return task["status"] in statuses

        eventually(reached, within=WITHIN)
        return self.get(task_id)
