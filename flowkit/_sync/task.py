# Written by `make regen` from flowkit/_async/task.py: edit that file.
"""A task that can be waited for, read and cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self, overload

from flowkit.log_text import LogNode, Text
from flowkit.task_fields import TaskFields

if TYPE_CHECKING:
    from flowkit_api.models.task import Task as TaskData
    from flowkit_api.models.task_attempt import TaskAttempt

    from flowkit._sync.tasks import Tasks


class Task(TaskFields):
    """A task: its fields as they were last seen, and what can be done with it.

    Attributes:
        data: All fields, as the contract has them.

    Example:
        >>> with Flow() as flow:
        ...     task = flow.submit("echo hi; exit 3", wait=True)
        ...     print(task.status, task.reason, task.exit_code, task.logs(), end="")
        failed exited 3 hi
    """

    __slots__ = ("_tasks",)

    def __init__(self, data: TaskData, tasks: Tasks) -> None:
        super().__init__(data)
        self._tasks = tasks

    def wait(
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
        self._tasks.wait(self, timeout=timeout, until=until)
        return self

    def refresh(self) -> Self:
        """Fetch the fields as they are now.

        Raises:
            TaskNotFound: the task has been deleted.
        """
        self.data = (self._tasks.get(self.id)).data
        return self

    def hold(self) -> Self:
        """Keep the task from starting until it is released.

        Raises:
            TaskNotPending: it has started, or ended.
        """
        self.data = (self._tasks.hold(self.id)).data
        return self

    def release(self) -> Self:
        """Let the task start when it is held.

        Raises:
            TaskNotPending: it has started, or ended.
        """
        self.data = (self._tasks.release(self.id)).data
        return self

    def attempts(self) -> list[TaskAttempt]:
        """Return how often the task was started and what became of it, newest first.

        Raises:
            TaskNotFound: the task has been deleted.
        """
        return [attempt for attempt in self._tasks.attempts(self.id)]

    def cancel(self, *, force: bool = False) -> Self:
        """Ask for the task's end; one that has ended stays as it is.

        Args:
            force: Kill it at once, without a grace period.

        Raises:
            TaskNotFound: it has been deleted.
        """
        self.data = (self._tasks.cancel(self.id, force=force)).data
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
    ) -> Text: ...

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
    ) -> Iterator[str]: ...

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
    ) -> Text | Iterator[str]: ...

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
    ) -> Text | Iterator[str]:
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
