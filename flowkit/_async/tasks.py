"""`flow.tasks`: everything that can be done with tasks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, overload

from flowkit_api.api.tasks import (
    cancel_task,
    create_task,
    create_tasks,
    delete_task,
    get_task,
    hold_task,
    list_task_attempts,
    list_tasks,
    plan_task,
    release_task,
    update_task,
    wait_task,
)
from flowkit_api.models import (
    TaskBatchCreate,
    TaskClearField,
    TaskCreate,
    TaskPlan,
    TaskUpdate,
    WaitUntil,
)

from flowkit._async.logs import log_chunks, log_lines, log_text
from flowkit._async.paging import listed
from flowkit._async.task import AsyncTask
from flowkit._async.task_inputs import AsyncTaskInputs
from flowkit._async.waiting import shown, wait_until
from flowkit.errors import InvalidRequest, InvalidTaskConfig, WaitTimeout
from flowkit.log_text import (
    DEFAULT_TAIL,
    AsyncText,
    Chunk,
    LogNode,
    LogQuery,
    check_attempt,
    check_node,
    check_offset,
    check_tail,
    moment,
    view,
)
from flowkit.status import TaskStatus, is_terminal
from flowkit.task_config import InPlace, TaskConfig, TaskLike
from flowkit.task_fields import task_id_of
from flowkit.task_filters import Labels, Statuses, read_labels, read_name, read_statuses
from flowkit.task_values import READERS

if TYPE_CHECKING:
    from flowkit_api.models import TaskAttempt
    from flowkit_api.models.task import Task as TaskData
    from flowkit_api.types import Request

    from flowkit.transport._async.transport import AsyncTransport

MOST_TASKS_OF_A_BATCH = 10_000
_STARTED = (TaskStatus.PENDING, TaskStatus.STARTING)


class AsyncTasks:
    """Everything that can be done with tasks; a task is given by its id or as a handle.

    Args:
        api: What to send with.
        is_embedded: Whether tasks run in their caller's place.
    """

    def __init__(self, api: AsyncTransport, *, is_embedded: bool) -> None:
        self._api = api
        self._is_embedded = is_embedded

    async def create(
        self, task: TaskLike, *, idempotency_key: str | None = None, **overrides: object
    ) -> AsyncTask:
        """Submit a task; it is durable when this returns.

        Args:
            task: A `TaskConfig`, a dict of its fields, a YAML file, or a command.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidTaskConfig: the task is wrong.
            NoCapacity: nothing here can ever run it.
        """
        body = await self.to_wire(task, overrides)
        request = create_task.request(body=body, idempotency_key=idempotency_key)
        return AsyncTask(await self._api.call(request, create_task.parse), self)

    async def create_many(
        self, tasks: Iterable[TaskLike], *, idempotency_key: str | None = None
    ) -> list[AsyncTask]:
        """Submit many tasks, all or none.

        Args:
            tasks: At most 10,000, each as `create` takes it.
            idempotency_key: Makes the call safe to repeat; it covers all of them.

        Returns:
            The tasks, in the same order.

        Raises:
            InvalidTaskConfig: one of the tasks is wrong; none is submitted.
            NoCapacity: nothing here can ever run one of them; none is submitted.
        """
        if isinstance(tasks, str | TaskConfig | Mapping) or not isinstance(tasks, Iterable):
            raise InvalidTaskConfig(
                f"tasks of type {type(tasks).__name__} are not a list", hint="as in [task, task]"
            )
        configs = [TaskConfig.of(task) for task in tasks]
        if not configs:
            return []
        if len(configs) > MOST_TASKS_OF_A_BATCH:
            raise InvalidRequest(
                f"{len(configs)} tasks are too many for one call",
                hint=f"submit up to {MOST_TASKS_OF_A_BATCH} at a time",
            )
        inputs = self._inputs()
        # What is wrong with one of them comes before anything is sent of another.
        bodies = [inputs.body(config) for config in configs]
        bodies = [
            await inputs.sent(config, body) for config, body in zip(configs, bodies, strict=True)
        ]
        request = create_tasks.request(
            body=TaskBatchCreate(tasks=bodies), idempotency_key=idempotency_key
        )
        batch = await self._api.call(request, create_tasks.parse)
        return [AsyncTask(data, self) for data in batch.items]

    async def plan(self, task: TaskLike, **overrides: object) -> TaskPlan:
        """Say what would be chosen for a task, and create nothing.

        Args:
            task: As `create` takes it.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidTaskConfig: the task is wrong.
        """
        body = await self._inputs().checked(self._config(task, overrides))
        request = plan_task.request(body=body)
        return await self._api.call(request, plan_task.parse)

    async def get(self, task: str | AsyncTask) -> AsyncTask:
        """Return a task as it is now.

        Raises:
            TaskNotFound: there is none.
        """
        request = get_task.request(task_id=task_id_of(task))
        return AsyncTask(await self._api.call(request, get_task.parse), self)

    async def list(
        self,
        *,
        status: Statuses | None = None,
        name: str | None = None,
        labels: Labels | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[AsyncTask]:
        """Yield tasks, newest first, each page fetched when it is needed.

        Args:
            status: Only tasks in this state, or in one of these.
            name: Only tasks of this name.
            labels: Only tasks with these labels: a dict, where None is any value, or a list of
                `key=value` and `key`.
            limit: Most tasks; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        request = partial(
            list_tasks.request,
            status=read_statuses(status),
            name=read_name(name),
            label=read_labels(labels),
        )
        async for data in listed(self._api, request, list_tasks.parse, limit=limit):
            yield AsyncTask(data, self)

    async def update(
        self,
        task: str | AsyncTask,
        *,
        name: str | None = None,
        priority: int | str | None = None,
        labels: Mapping[str, str] | None = None,
        clear: Iterable[Literal["name", "priority", "labels"]] = (),
    ) -> AsyncTask:
        """Change a task; what is None stays.

        Args:
            task: The task.
            name: Its new name.
            priority: From -1000 to 1000, or `low`, `med`, `high`.
            labels: Its new labels, all of them.
            clear: Fields to clear.

        Raises:
            TaskNotFound: there is none.
            InvalidRequest: a value is wrong.
        """
        given = {"name": name, "priority": priority, "labels": labels}
        values = {
            field: READERS[field](value) for field, value in given.items() if value is not None
        }
        fields = [clear] if isinstance(clear, str) else list(clear)
        if unknown := [field for field in fields if field not in given]:
            raise InvalidRequest(
                f"a task's {unknown[0]!r} cannot be cleared", hint=f"one of {', '.join(given)}"
            )
        body = TaskUpdate(**values, clear=[TaskClearField(field) for field in fields] or None)
        request = update_task.request(task_id=task_id_of(task), body=body)
        return AsyncTask(await self._api.call(request, update_task.parse), self)

    async def delete(self, task: str | AsyncTask) -> None:
        """Delete a task that has ended, with its logs.

        Raises:
            TaskNotFound: there is none.
            TaskNotTerminal: it has not ended.
        """
        await self._api.send(delete_task.request(task_id=task_id_of(task)))

    async def cancel(self, task: str | AsyncTask, *, force: bool = False) -> AsyncTask:
        """Ask for a task's end; one that has ended stays as it is.

        Args:
            task: The task.
            force: Kill it at once, without a grace period.

        Raises:
            TaskNotFound: there is none.
        """
        request = cancel_task.request(task_id=task_id_of(task), force=force or None)
        return AsyncTask(await self._api.call(request, cancel_task.parse), self)

    async def hold(self, task: str | AsyncTask) -> AsyncTask:
        """Keep a task that has not started from starting, until it is released.

        Raises:
            TaskNotFound: there is none.
            TaskNotPending: it has started, or ended.
        """
        request = hold_task.request(task_id=task_id_of(task))
        return AsyncTask(await self._api.call(request, hold_task.parse), self)

    async def release(self, task: str | AsyncTask) -> AsyncTask:
        """Let a task start that is held.

        Raises:
            TaskNotFound: there is none.
            TaskNotPending: it has started, or ended.
        """
        request = release_task.request(task_id=task_id_of(task))
        return AsyncTask(await self._api.call(request, release_task.parse), self)

    async def attempts(
        self, task: str | AsyncTask, *, limit: int | None = None
    ) -> AsyncIterator[TaskAttempt]:
        """Yield how often a task was started and what became of it, newest first.

        Args:
            task: The task.
            limit: Most attempts; None for all.

        Raises:
            TaskNotFound: there is none.
        """
        request = partial(list_task_attempts.request, task_id=task_id_of(task))
        async for attempt in listed(self._api, request, list_task_attempts.parse, limit=limit):
            yield attempt

    async def wait(
        self,
        task: str | AsyncTask,
        *,
        until: Literal["running", "terminal"] = "terminal",
        timeout: float | str | None = None,
    ) -> AsyncTask:
        """Wait until a task has ended, or runs; the gateway says when, nothing is polled.

        Args:
            task: The task; a handle is brought up to date.
            until: `running` is also reached by a task that has ended.
            timeout: Longest time to wait: a number of seconds, or text such as `10m`.

        Raises:
            WaitTimeout: the time is over; its `task` is the task as last seen. The task goes on.
            TaskNotFound: there is none.
        """
        task_id = task_id_of(task)
        if until not in ("running", "terminal"):
            raise InvalidRequest(f"cannot wait until {until!r}", hint="running or terminal")

        def request(seconds: float) -> Request:
            return wait_task.request(task_id=task_id, until=WaitUntil(until), timeout=seconds)

        def handle(data: TaskData) -> AsyncTask:
            if not isinstance(task, AsyncTask):
                return AsyncTask(data, self)
            task.data = data
            return task

        def late(last: TaskData | None) -> WaitTimeout:
            known = task if isinstance(task, AsyncTask) else None
            seen = known if last is None else handle(last)
            return _timed_out(task_id, seen, until, timeout)

        data = await wait_until(
            self._api,
            request,
            wait_task.parse,
            is_over=lambda data: _has_reached(data.status, until),
            late=late,
            timeout=timeout,
        )
        return handle(data)

    @overload
    def logs(
        self,
        task: str | AsyncTask,
        *,
        follow: Literal[False] = False,
        tail: int | None = None,
        stderr: bool = False,
        source: str | None = None,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText: ...

    @overload
    def logs(
        self,
        task: str | AsyncTask,
        *,
        follow: Literal[True],
        tail: int | None = None,
        stderr: bool = False,
        source: str | None = None,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncIterator[str]: ...

    @overload
    def logs(
        self,
        task: str | AsyncTask,
        *,
        follow: bool,
        tail: int | None = None,
        stderr: bool = False,
        source: str | None = None,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText | AsyncIterator[str]: ...

    def logs(
        self,
        task: str | AsyncTask,
        *,
        follow: bool = False,
        tail: int | None = None,
        stderr: bool = False,
        source: str | None = None,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText | AsyncIterator[str]:
        """Read a task's output, or follow it line by line; as `Flow.logs`."""
        selected = view(stream, source, stderr=stderr)
        chunks = partial(
            self.log_chunks,
            task,
            follow=follow,
            stream=selected,
            since=since,
            attempt=attempt,
            node=node,
        )
        if follow:
            return log_lines(chunks(tail=tail))
        default = DEFAULT_TAIL if since is None else None
        return log_text(chunks(tail=default if tail is None else tail))

    def log_chunks(
        self,
        task: str | AsyncTask,
        *,
        follow: bool = False,
        stream: str | None = None,
        tail: int | None = None,
        since: datetime | str | None = None,
        offset: int | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncIterator[Chunk]:
        """Yield a task's output byte for byte, as names of streams with some bytes of each.

        Args:
            task: The task.
            follow: Go on until the task has ended.
            stream: Only `stdout` or `stderr`; both, in the order of arrival, unless given.
            tail: Start at this many lines before the end.
            since: Start at what was written then: a time, or text such as `5m`.
            offset: Start at this byte.
            attempt: Only this attempt's, from 1; the newest one's unless given, and when
                following those after it.
            node: Only this machine's, of a task that has several; 0, the first, unless given. With
                `all`, lines of all of them that begin with the machine's number, as `[1] `.

        Raises:
            InvalidRequest: an argument is wrong.
            TaskNotFound: there is no such task.
        """
        check_tail(tail)
        check_offset(offset)
        query = LogQuery(view(stream), tail, moment(since), offset, check_attempt(attempt))
        return log_chunks(self._api, task_id_of(task), query, follow=follow, node=check_node(node))

    async def to_wire(self, task: TaskLike, overrides: Mapping[str, object]) -> TaskCreate:
        """Return a task as the contract has it, with its code and its data at the gateway.

        Raises:
            InvalidTaskConfig: the task is wrong; nothing was sent.
        """
        config, inputs = self._config(task, overrides), self._inputs()
        return await inputs.sent(config, inputs.body(config))

    def _config(self, task: TaskLike, overrides: Mapping[str, object]) -> TaskConfig:
        config = TaskConfig.of(task)
        return config.replace(**overrides) if overrides else config

    def _inputs(self) -> AsyncTaskInputs:
        return AsyncTaskInputs(self._api, InPlace.here() if self._is_embedded else None)


def _has_reached(status: TaskStatus, until: str) -> bool:
    if is_terminal(status):
        return True
    return until == "running" and status not in _STARTED


def _timed_out(
    task_id: str, seen: AsyncTask | None, until: str, timeout: float | str | None
) -> WaitTimeout:
    wanted = "did not end" if until == "terminal" else "did not start to run"
    state = f"it is {seen.status}" if seen is not None else "the gateway does not answer"
    error = WaitTimeout(
        f"{task_id} {wanted} within {shown(timeout)}; {state}",
        hint="it goes on: wait again, or cancel it",
    )
    error.task = seen
    return error
