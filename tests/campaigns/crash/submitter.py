"""One client of the storm: submits its tasks, waits for each, and compares all with the truth.

Run as `python submitter.py PLAN REPORT`. The plan is a JSON list of tasks; the report gets a line
of JSON for each thing learnt. A call that fails because the gateway was killed once too often is
made again with the same key, as a careful program would.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypedDict, TypeVar

from flowkit import APIConnectionError, Flow, GatewayStartError, Task

T = TypeVar("T")

GIVE_UP_AFTER = 120.0


class Planned(TypedDict):
    """A task of the storm."""

    number: int
    key: str
    command: str
    after: float
    """Seconds from the storm's start to its submit."""
    exit_code: int
    stdout: str
    stderr: str


class Client:
    """Makes calls until they succeed, and notes how often they did not.

    Args:
        report: File that gets a line for each result.
    """

    def __init__(self, report: Path) -> None:
        self._report = report.open("a")
        self._lock = threading.Lock()
        self.flow = Flow()

    def note(self, **facts: object) -> None:
        with self._lock:
            self._report.write(json.dumps(facts) + "\n")
            self._report.flush()

    def until_it_works(self, call: Callable[[], T], what: str) -> T:
        deadline = time.monotonic() + GIVE_UP_AFTER
        while True:
            try:
                return call()
            except (APIConnectionError, GatewayStartError) as error:
                self.note(failed=what, error=f"{type(error).__name__}: {error}")
                if time.monotonic() > deadline:
                    raise

    def submit(self, planned: Planned) -> Task:
        def create() -> Task:
            return self.flow.tasks.create(
                planned["command"],
                name=f"storm-{planned['number']}",
                cpus=0.25,
                idempotency_key=planned["key"],
            )

        task = self.until_it_works(create, "create")
        self.note(acknowledged=planned["number"], task=task.id)
        return task

    def check(self, planned: Planned, task: Task) -> None:
        """Follow a task, wait for its end, and hold all of it against the plan."""
        followed = self.until_it_works(partial(self.output, task, follow=True), "follow")
        ended = self.until_it_works(task.wait, "wait")
        read = self.until_it_works(partial(self.output, task, follow=False), "read")
        wanted = {"stdout": planned["stdout"].encode(), "stderr": planned["stderr"].encode()}
        self.note(
            ended=planned["number"],
            status=str(ended.status),
            reason=str(ended.reason),
            message=ended.message,
            exit_code=ended.exit_code,
            followed_whole=followed == wanted,
            read_whole=read == wanted,
            task=task.id,
        )

    def output(self, task: Task, *, follow: bool) -> dict[str, bytes]:
        parts: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        for stream, data in self.flow.tasks.log_chunks(task, follow=follow):
            parts[stream].append(data)
        return {stream: b"".join(pieces) for stream, pieces in parts.items()}


def main() -> None:
    plan: list[Planned] = json.loads(Path(sys.argv[1]).read_text())
    client = Client(Path(sys.argv[2]))
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        checks = []
        for planned in plan:
            time.sleep(max(0.0, began + planned["after"] - time.monotonic()))
            checks.append(pool.submit(client.check, planned, client.submit(planned)))
        for check in checks:
            check.result()
    client.flow.close()


if __name__ == "__main__":
    main()
