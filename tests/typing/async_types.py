"""What a type checker says of the asynchronous twin; see `sync_types.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import assert_type

from flowkit_api.api.tasks import get_task
from flowkit_api.models import Event
from flowkit_api.models import Task as TaskData

from flowkit import AsyncClient, AsyncFlow, AsyncTask, TaskPlan, TaskStatus


async def calls(flow: AsyncFlow, follow: bool) -> None:
    task = await flow.run("true", gpu="a100:2")
    assert_type(task, AsyncTask)
    assert_type(await flow.submit("true", wait=True), AsyncTask)
    assert_type(await flow.submit_many(["true"]), list[AsyncTask])
    assert_type(await flow.plan("true"), TaskPlan)
    assert_type(await flow.wait_for(task), AsyncTask)
    assert_type(await task.wait(), AsyncTask)
    assert_type(await flow.status(task.id), TaskStatus)
    assert_type(await flow.list_tasks(), list[AsyncTask])
    assert_type(flow.tasks.list(), AsyncIterator[AsyncTask])
    assert_type(await flow.logs(task.id), str)
    assert_type(flow.logs(task.id, follow=True), AsyncIterator[str])
    assert_type(await task.logs(), str)
    assert_type(flow.tasks.log_chunks(task), AsyncIterator[tuple[str, bytes]])
    assert_type(flow.events(), AsyncIterator[Event])
    assert_type(await get_task.asyncio(client=flow.api, task_id=task.id), TaskData)
    get_task.sync(client=flow.api, task_id=task.id)  # type: ignore[arg-type]  # the other twin's


async def contexts() -> None:
    async with AsyncFlow() as flow:
        assert_type(flow, AsyncFlow)
    async with AsyncClient() as client:
        assert_type(await client.cancel("task"), bool)
    with AsyncFlow() as flow:  # type: ignore[attr-defined]  # it is asynchronous
        pass
