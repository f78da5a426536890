"""A task that can be waited for, read and cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self, overload

from flowkit.log_text import AsyncText, LogNode
from flowkit.task_fields import TaskFields

if TYPE_CHECKING:
    from flowkit_api.models.task import Task as TaskData
    from flowkit_api.models.task_attempt import TaskAttempt

    from flowkit._async.tasks import AsyncTasks


class AsyncTask(TaskFields):
    """A task: its fields as they were last seen, and what can be done with it.

    Attributes:
        data: All fields, as the contract has them.

    Example:
        >>> async with AsyncFlow() as flow:
        ...     task = await flow.submit("echo hi; exit 3", wait=True)
        ...     print(task.status, task.reason, task.exit_code, await task.logs(), end="")
        failed exited 3 hi
    """

    __slots__ = ("_tasks",)

    def __init__(self, data: TaskData, tasks: AsyncTasks) -> None:
        super().__init__(data)
        self._tasks = tasks

    async def wait(
        self,
        timeout: float | str | None = None,
        *,
        until: Literal["running", "terminal"] = "terminal",
    ) -> Self:
        """Wait until the task has ended, or runs.

        Args:
            timeout: Longest time to wait: a number of seconds, or text such as `10m`.
            until: `running` is also reached by a task that has ended.

        Returns:
            This task, its fields as they are then.

        Raises:
            WaitTimeout: the time is over. The task goes on.
            TaskNotFound: it has been deleted.
        """
        await self._tasks.wait(self, timeout=timeout, until=until)
        return self

    async def refresh(self) -> Self:
        """Fetch the fields as they are now.

        Raises:
            TaskNotFound: the task has been deleted.
        """
        self.data = (await self._tasks.get(self.id)).data
        return self

    async def hold(self) -> Self:
        """Keep the task from starting until it is released.

        Raises:
            TaskNotPending: it has started, or ended.
        """
        self.data = (await self._tasks.hold(self.id)).data
        return self

    async def release(self) -> Self:
        """Let the task start when it is held.

        Raises:
            TaskNotPending: it has started, or ended.
        """
        self.data = (await self._tasks.release(self.id)).data
        return self

    async def attempts(self) -> list[TaskAttempt]:
        """Return how often the task was started and what became of it, newest first.

        Raises:
            TaskNotFound: the task has been deleted.
        """
        return [attempt async for attempt in self._tasks.attempts(self.id)]

    async def cancel(self, *, force: bool = False) -> Self:
        """Ask for the task's end; one that has ended stays as it is.

        Args:
            force: Kill it at once, without a grace period.

        Raises:
            TaskNotFound: it has been deleted.
        """
        self.data = (await self._tasks.cancel(self.id, force=force)).data
        return self

    @overload
    def logs(
        self,
        *,
        follow: Literal[False] = False,
        tail: int | None = None,
        stderr: bool = False,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText: ...

    @overload
    def logs(
        self,
        *,
        follow: Literal[True],
        tail: int | None = None,
        stderr: bool = False,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncIterator[str]: ...

    @overload
    def logs(
        self,
        *,
        follow: bool,
        tail: int | None = None,
        stderr: bool = False,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText | AsyncIterator[str]: ...

    def logs(
        self,
        *,
        follow: bool = False,
        tail: int | None = None,
        stderr: bool = False,
        stream: str | None = None,
        since: datetime | str | None = None,
        attempt: int | None = None,
        node: LogNode = None,
    ) -> AsyncText | AsyncIterator[str]:
        """Read the task's output, or follow it line by line; as `Flow.logs`.

        Args:
            follow: Yield lines as they come, until the task has ended.
            tail: Start at this many lines before the end. None for the last 100, or for all when
                following.
            stderr: Only stderr.
            stream: Only `stdout` or `stderr`; both unless given.
            since: Start at what was written then: a time, or text such as `5m`.
            attempt: Only this attempt's, from 1; the newest one's unless given.
            node: Only this machine's, of a task that has several; 0, the first, unless given. With
                `all`, lines of all of them that begin with the machine's number, as `[1] `.

        Raises:
            InvalidRequest: an argument is wrong.
            TaskNotFound: the task has been deleted.
        """
        return self._tasks.logs(
            self,
            follow=follow,
            tail=tail,
            stderr=stderr,
            stream=stream,
            since=since,
            attempt=attempt,
            node=node,
        )
