"""`AsyncClient`: the smaller face of `AsyncFlow`."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

from flowkit._async.flow import AsyncFlow
from flowkit.errors import InvalidRequest
from flowkit.status import TaskStatus
from flowkit.transport.retries import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from flowkit._async.storage import AsyncStorage
    from flowkit._async.task import AsyncTask
    from flowkit._async.volume import AsyncVolume
    from flowkit.task_config import TaskLike
    from flowkit.transport._async.transport import AsyncTransport


class AsyncClient:
    """Runs tasks in few words: `run`, `status`, `cancel`, `reserve`, `volumes`, `storage`.

    Args:
        api_url: Where the gateway is; the configured or embedded one unless given.
        api_key: What to sign in with.
        project: The project to work in.
        profile: Which profile of the configuration file to use.
        timeout: Seconds that the gateway may take to answer a call.
        max_retries: How often a call that failed on its way is made again.

    Attributes:
        flow: The `Flow` behind it, which does the same and more.

    Raises:
        ConfigError: an argument, a variable or a file is wrong.
    """

    def __init__(
        self,
        api_url: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        profile: str | None = None,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        max_retries: int = 2,
    ) -> None:
        self.flow = AsyncFlow(
            api_url, api_key, project, profile, timeout=timeout, max_retries=max_retries
        )

    async def run(
        self,
        command: TaskLike,
        gpu: str | None = None,
        cpus: float | None = None,
        memory_gb: float | str | None = None,
        wait: bool = False,
        *,
        idempotency_key: str | None = None,
        **kwargs: object,
    ) -> AsyncTask:
        """Submit a task.

        Args:
            command: Text for bash, a list of words, or a `TaskConfig`.
            gpu: Such as `a100` or `a100:4`.
            cpus: CPUs to reserve.
            memory_gb: Memory to reserve.
            wait: Return when the task has ended.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            kwargs: Other fields of `TaskConfig`.

        Raises:
            InvalidTaskConfig: the task is wrong; nothing is submitted.
            NoCapacity: nothing here can ever run it.
        """
        named = {"gpu": gpu, "cpus": cpus, "memory_gb": memory_gb}
        kwargs |= {name: value for name, value in named.items() if value is not None}
        task = await self.flow.tasks.create(command, idempotency_key=idempotency_key, **kwargs)
        return await task.wait() if wait else task

    async def status(self, task_id: str | None = None) -> list[AsyncTask]:
        """Return one task, or all of them, newest first.

        Args:
            task_id: The task; all unless given.

        Raises:
            TaskNotFound: there is none.
        """
        if task_id is not None:
            return [await self.flow.get_task(task_id)]
        return await self.flow.list_tasks(limit=None)

    async def cancel(self, task_id: str, force: bool = False) -> bool:
        """Ask for a task's end.

        Args:
            task_id: The task.
            force: Kill it at once, without a grace period.

        Returns:
            Whether it is cancelled or about to be; False when it had ended before.

        Raises:
            TaskNotFound: there is none.
        """
        task = await self.flow.tasks.cancel(task_id, force=force)
        return task.status == TaskStatus.CANCELLED or not task.is_terminal

    async def reserve(self, gpu: str, duration_hours: float = 1, auto_renew: bool = False) -> str:
        """Keep GPUs free for the project's tasks, from now on, and return the reservation's id.

        Args:
            gpu: What to reserve, such as `a100` or `4xa100-80gb`.
            duration_hours: For how many hours.
            auto_renew: Extend it by its length when it ends.

        Raises:
            Conflict: not as many are free; the hint names other times.
            NoCapacity: there never are as many.
            InvalidRequest: an argument is wrong.
        """
        if isinstance(duration_hours, bool) or not isinstance(duration_hours, int | float):
            raise InvalidRequest("invalid duration_hours", hint="a number of hours, such as 1.5")
        made = await self.flow.reserve(gpu, duration_hours * 3600.0, auto_renew=auto_renew)
        return made.id

    async def volumes(self) -> list[AsyncVolume]:
        """Return the project's volumes and those shared with the caller, newest first."""
        return await self.flow.list_volumes(limit=None)

    @property
    def storage(self) -> AsyncStorage:
        """Files of volumes and of tasks' workspaces."""
        return self.flow.storage

    def provider_port(self) -> AsyncTransport:
        """Return the client for generated calls, `flow.api`."""
        return self.flow.api

    async def close(self) -> None:
        """Close the connections; calling it again does nothing. Tasks go on."""
        await self.flow.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
