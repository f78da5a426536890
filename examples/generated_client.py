"""Call a gateway through the generated client alone: one typed function an operation.

No facade, so no retries, no configuration files and no waiting but the contract's own. The
gateway's address and key are given by hand:

    flowkit gateway serve --port 8765 --api-key-file key.txt &
    FLOWKIT_API_URL=http://127.0.0.1:8765 FLOWKIT_API_KEY=$(cat key.txt) \
        python examples/generated_client.py

`flow.api` of the facade is such a client too, with the facade's retries and errors.
"""

from __future__ import annotations

import os

from flowkit_api import ApiError, Client
from flowkit_api.api.server import get_server
from flowkit_api.api.tasks import create_task, get_task_logs, list_tasks, wait_task
from flowkit_api.models import TaskCreate, WaitUntil


def main() -> None:
    url, key = os.environ["FLOWKIT_API_URL"], os.environ["FLOWKIT_API_KEY"]
    with Client(url, token=key) as api:
        print("engine:", get_server.sync(client=api).engine)

        body = TaskCreate(name="by-hand", command=["echo", "hi"])
        task = create_task.sync(client=api, body=body, idempotency_key="by-hand-1")
        task = wait_task.sync(client=api, task_id=task.id, until=WaitUntil.TERMINAL, timeout=30)
        print(task.name, task.status, task.exit_code)

        for chunk in get_task_logs.sync(client=api, task_id=task.id).chunks:
            print(chunk.stream, repr(chunk.text))
        print("tasks:", [each.name for each in list_tasks.sync(client=api, page_size=10).items])

        try:
            create_task.sync(client=api, body=TaskCreate(command=["true"], gpu=["a1000"]))
        except ApiError as error:
            print("refused:", error.status, error.code)


if __name__ == "__main__":
    main()
