"""`AsyncFlow`: the client of flowkit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, overload

from flowkit._async.reserved_machines import AsyncReservedMachines
from flowkit._async.sent_code import AsyncSentCode
from flowkit._async.stored_data import AsyncStoredData
from flowkit._async.swept_tasks import AsyncSweptTasks

if TYPE_CHECKING:
    from flowkit_api.models import Event, InstanceType, Server, TaskPlan, TaskStatus

    from flowkit._async.task import AsyncTask
    from flowkit._async.tasks import AsyncTasks
    from flowkit.log_text import AsyncText, LogNode
    from flowkit.mount_specs import MountLike
    from flowkit.requirements import InstanceRequirements
    from flowkit.task_config import TaskLike
    from flowkit.task_filters import Statuses


class AsyncFlow(AsyncSentCode, AsyncSweptTasks, AsyncStoredData, AsyncReservedMachines):
    """Submits tasks, waits for them, reads their output.

    With no argument, no environment variable and no configuration file that names a gateway, the
    embedded one is used: it is started on first use, on this machine. Threads may share a `Flow`.
    Close it, or use it in a `with` statement.

    Args:
        api_url: Where the gateway is.
        api_key: What to sign in with.
        project: The project to work in.
        profile: Which profile of the configuration file to use.
        timeout: Seconds that the gateway may take to answer a call. Waiting for a task and
            following its output take as long as they take.
        max_retries: How often a call that failed on its way is made again.

    Raises:
        ConfigError: an argument, a variable or a file is wrong.

    Example:
        >>> async with AsyncFlow() as flow:
        ...     task = await flow.submit("echo hello", wait=True)
        ...     print(await flow.logs(task.id), end="")
        hello
    """

    @cached_property
    def tasks(self) -> AsyncTasks:
        """Everything that can be done with tasks."""
        from flowkit._async.tasks import AsyncTasks

        return AsyncTasks(self.api, is_embedded=self.is_embedded)

    async def run(
        self,
        task: TaskLike,
        *,
        wait: bool = False,
        mounts: MountLike | Sequence[MountLike] | None = None,
        idempotency_key: str | None = None,
        **overrides: object,
    ) -> AsyncTask:
        """Submit a task; it is durable when this returns.

        Args:
            task: A `TaskConfig`, a dict of its fields, or a command: text for bash, or a list of
                words. A `Path`, or text that ends in `.yaml` or `.yml`, is a file to read it from.
            wait: Return when the task runs, or has ended.
            mounts: Data that it sees: a source such as `volume://datasets` or `s3://bucket`, or a
                dict of paths to sources.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidTaskConfig: the task is wrong; nothing is submitted.
            InvalidGPURequest: its `gpu` cannot be read.
            NoCapacity: nothing here can ever run it.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     task = await flow.run(["echo", "hi"], name="greeting", gpu="a100:2")
            ...     print(task.name, task.gpu, (await task.wait()).exit_code)
            greeting ['a100:2'] 0
        """
        if mounts is not None:
            overrides["mounts"] = mounts
        created = await self.tasks.create(task, idempotency_key=idempotency_key, **overrides)
        return await created.wait(until="running") if wait else created

    async def submit(
        self,
        command: TaskLike,
        *,
        gpu: str | int | Sequence[str | int] | None = None,
        mounts: MountLike | Sequence[MountLike] | None = None,
        instance_type: str | None = None,
        wait: bool = False,
        idempotency_key: str | None = None,
        **overrides: object,
    ) -> AsyncTask:
        """Submit a command, in short.

        Args:
            command: Text for bash, or a list of words; whatever else `run` takes.
            gpu: Such as `a100`, `a100:4` or `gpu:40gb+`; ignored when there is an instance type.
            mounts: Data that it sees: a source such as `volume://datasets` or `s3://bucket`, or a
                dict of paths to sources.
            instance_type: Machine by name, such as `8xh100`.
            wait: Return when the task has ended.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            overrides: Fields of `TaskConfig`.

        Raises:
            InvalidTaskConfig: an argument is wrong; nothing is submitted.
            InvalidGPURequest: `gpu` cannot be read.
            NoCapacity: nothing here can ever run it.
        """
        named = {"gpu": gpu, "mounts": mounts, "instance_type": instance_type}
        overrides |= {name: value for name, value in named.items() if value is not None}
        created = await self.tasks.create(command, idempotency_key=idempotency_key, **overrides)
        return await created.wait() if wait else created

    async def submit_many(
        self,
        tasks: Iterable[TaskLike],
        *,
        idempotency_key: str | None = None,
    ) -> list[AsyncTask]:
        """Submit many tasks in one call, all or none.

        Args:
            tasks: At most 10,000, each as `run` takes it.
            idempotency_key: Makes the call safe to repeat; it covers all of them.

        Returns:
            The tasks, in the same order.

        Raises:
            InvalidTaskConfig: one of the tasks is wrong; none is submitted.
            NoCapacity: nothing here can ever run one of them; none is submitted.
        """
        return await self.tasks.create_many(tasks, idempotency_key=idempotency_key)

    async def plan(
        self,
        task: TaskLike,
        **overrides: object,
    ) -> TaskPlan:
        """Say what would be chosen for a task, what was checked, and what could not be.

        Args:
            task: As `run` takes it. Nothing is submitted.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidTaskConfig: the task is wrong.
        """
        return await self.tasks.plan(task, **overrides)

    async def wait_for(
        self,
        task: str | AsyncTask,
        *,
        until: Literal["running", "terminal"] = "terminal",
        timeout: float | str | None = None,
    ) -> AsyncTask:
        """Wait until a task has ended, or runs.

        Args:
            task: The task; a handle is brought up to date.
            until: `running` is also reached by a task that has ended.
            timeout: Longest time to wait: a number of seconds, or text such as `10m`.

        Raises:
            WaitTimeout: the time is over; its `task` is the task as last seen. The task goes on.
            TaskNotFound: there is none.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     task = await flow.run("exit 7")
            ...     print((await flow.wait_for(task, timeout="1m")).exit_code)
            7
        """
        return await self.tasks.wait(task, until=until, timeout=timeout)

    async def status(self, task_id: str | AsyncTask) -> TaskStatus:
        """Return a task's state, which is text: `pending`, `running`, `completed`, ...

        Raises:
            TaskNotFound: there is none.
        """
        return (await self.tasks.get(task_id)).status

    async def cancel(self, task_id: str | AsyncTask, *, force: bool = False) -> None:
        """Ask for a task's end; one that has ended stays as it is.

        Args:
            task_id: The task.
            force: Kill it at once, without a grace period.

        Raises:
            TaskNotFound: there is none.
        """
        await self.tasks.cancel(task_id, force=force)

    async def get_task(self, task_id: str | AsyncTask) -> AsyncTask:
        """Return a task as it is now.

        Raises:
            TaskNotFound: there is none.
        """
        return await self.tasks.get(task_id)

    async def list_tasks(
        self,
        status: Statuses | None = None,
        limit: int | None = 10,
        *,
        name: str | None = None,
        labels: Mapping[str, str | None] | Iterable[str] | None = None,
        force_refresh: bool = False,
    ) -> list[AsyncTask]:
        """Return tasks, newest first; `flow.tasks.list()` yields all of them.

        Args:
            status: Only tasks in this state, or in one of these.
            limit: Most tasks; None for all.
            name: Only tasks of this name.
            labels: Only tasks with these labels: a dict, where None is any value, or a list of
                `key=value` and `key`.
            force_refresh: Nothing is cached, so this changes nothing.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        found = self.tasks.list(status=status, name=name, labels=labels, limit=limit)
        return [task async for task in found]

    @overload
    def logs(
        self,
        task_id: str | AsyncTask,
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
        task_id: str | AsyncTask,
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
        task_id: str | AsyncTask,
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
        task_id: str | AsyncTask,
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
        r"""Read a task's output as text, or follow it line by line.

        Lines end at `\n` only, and are yielded without it. Bytes that are not UTF-8 are replaced;
        `flow.tasks.log_chunks` yields them as they are.

        Args:
            task_id: The task.
            follow: Yield lines as they come, until the task has ended. A broken connection is
                taken up where it broke.
            tail: Start at this many lines before the end. None for the last 100, or for all when
                following or when `since` says where to start.
            stderr: Only stderr.
            source: The same as `stream`.
            stream: Only `stdout` or `stderr`; both, in the order of arrival, unless given.
            since: Start at what was written then: a time, or text such as `5m`.
            attempt: Only this attempt's, from 1; the newest one's unless given, and when following
                those after it.
            node: Only this machine's, of a task that has several; 0, the first, unless given. With
                `all`, lines of all of them that begin with the machine's number, as `[1] `.

        Raises:
            InvalidRequest: an argument is wrong.
            TaskNotFound: there is no such task.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     task = await flow.run("seq 3")
            ...     async for line in flow.logs(task, follow=True):
            ...         print(line)
            1
            2
            3
        """
        return self.tasks.logs(
            task_id,
            follow=follow,
            tail=tail,
            stderr=stderr,
            source=source,
            stream=stream,
            since=since,
            attempt=attempt,
            node=node,
        )

    def events(
        self,
        task_id: str | AsyncTask | None = None,
        *,
        follow: bool = False,
        after: int | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Event]:
        """Yield what happened, newest first, or follow it in order.

        Args:
            task_id: Only what happened to this task; to all of the project unless given.
            follow: Yield events as they come; those of a task end with it.
            after: Only events after the one of this number.
            limit: Most events; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
            TaskNotFound: there is no such task.
        """
        from flowkit._async.events import events

        return events(self.api, task_id, follow=follow, after=after, limit=limit)

    async def find_instances(
        self,
        requirements: InstanceRequirements | Mapping[str, object] | str | None = None,
        limit: int | None = 10,
    ) -> list[InstanceType]:
        """Return the machines that meet requirements, cheapest first.

        Args:
            requirements: `InstanceRequirements`, a dict of their fields, or a GPU type.
            limit: Most machines; None for all.

        Raises:
            InvalidRequest: a requirement cannot be read.

        Example:
            >>> async with AsyncFlow() as flow:
            ...     found = await flow.find_instances({"gpu_type": "h200"}, limit=1)
            ...     print([instance.gpu_model for instance in found])
            ['h200']
        """
        from flowkit._async.instances import find_instances

        return await find_instances(self.api, requirements, limit)

    async def normalize_instance_request(
        self, gpu_count: int, gpu_type: str | None = None
    ) -> tuple[str, int, str | None]:
        """Turn a number of GPUs into an instance type and a number of instances.

        Args:
            gpu_count: GPUs in all.
            gpu_type: One model, such as `a100` or `a100-80gb`; the gateway's choice unless given.

        Returns:
            The instance type, the number of instances, and a warning when GPUs are wasted.

        Raises:
            InvalidRequest: an argument cannot be read.
            NoCapacity: there is no such GPU.
        """
        from flowkit._async.instances import normalize

        return await normalize(self.api, gpu_count, gpu_type)

    async def server(self) -> Server:
        """Describe the gateway: its release, engine and limits, and who this client is to it.

        Raises:
            APIConnectionError: it cannot be reached.
            Unauthenticated: it does not know the key.
        """
        from flowkit_api.api.server import get_server

        return await self.api.call(get_server.request(), get_server.parse)
