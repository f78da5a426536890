"""`flow.sweeps`: everything that can be done with sweeps."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Literal

from flowkit_api.api.sweeps import (
    cancel_sweep,
    create_sweep,
    delete_sweep,
    follow_sweep_cases,
    get_sweep,
    list_sweep_cases,
    list_sweeps,
    retry_sweep,
    wait_sweep,
)
from flowkit_api.models import (
    SweepCase,
    SweepCaseStatus,
    SweepCombination,
    SweepCreate,
    SweepFailurePolicy,
    SweepParameter,
)
from flowkit_api.models.sweep import Sweep as SweepData

from flowkit._async.paging import listed
from flowkit._async.sweep import AsyncSweep
from flowkit._async.waiting import shown, wait_until
from flowkit.errors import InvalidRequest, InvalidSweep, WaitTimeout
from flowkit.stream_events import document, is_end
from flowkit.suggestions import did_you_mean
from flowkit.sweep_fields import TERMINAL, checked_max_parallel, sweep_id_of
from flowkit.sweeps import Cases, Values, read_parameters
from flowkit.task_filters import read_name

if TYPE_CHECKING:
    from flowkit_api.types import Request

    from flowkit._async.tasks import AsyncTasks
    from flowkit.task_config import TaskLike
    from flowkit.transport._async.transport import AsyncTransport


class AsyncSweeps:
    """Everything that can be done with sweeps; a sweep is given by its id or as a handle.

    Args:
        api: What to send with.
        tasks: What knows how a task is sent.
    """

    def __init__(self, api: AsyncTransport, tasks: AsyncTasks) -> None:
        self._api = api
        self._tasks = tasks

    async def create(
        self,
        task: TaskLike,
        parameters: Mapping[str, Values],
        *,
        combine: Literal["product", "zip"] = "product",
        max_parallel: int | None = None,
        on_failure: Literal["continue", "stop"] = "continue",
        idempotency_key: str | None = None,
        **overrides: object,
    ) -> AsyncSweep:
        """Run a task for every combination of values; as `Flow.sweep`.

        Raises:
            InvalidSweep: the parameters are wrong; nothing is submitted.
            InvalidTaskConfig: the task is wrong; nothing is submitted.
            NoCapacity: nothing here can ever run it.
        """
        values = read_parameters(parameters)
        Cases(values, combine)
        if on_failure not in ("continue", "stop"):
            raise InvalidSweep(
                f"invalid on_failure {str(on_failure)[:60]!r}", hint="continue or stop"
            )
        most = checked_max_parallel(max_parallel)
        # Last, as it may send code.
        body = SweepCreate(
            task=await self._tasks.to_wire(task, overrides),
            parameters=[SweepParameter(name=name, values=each) for name, each in values.items()],
            combine=SweepCombination(combine),
            max_parallel=most,
            on_failure=SweepFailurePolicy(on_failure),
        )
        request = create_sweep.request(body=body, idempotency_key=idempotency_key)
        return AsyncSweep(await self._api.call(request, create_sweep.parse), self)

    async def get(self, sweep: str | AsyncSweep) -> AsyncSweep:
        """Return a sweep as it is now.

        Raises:
            SweepNotFound: there is none.
        """
        request = get_sweep.request(sweep_id=sweep_id_of(sweep))
        return AsyncSweep(await self._api.call(request, get_sweep.parse), self)

    async def list(
        self, *, name: str | None = None, limit: int | None = None
    ) -> AsyncIterator[AsyncSweep]:
        """Yield sweeps, newest first, each page fetched when it is needed.

        Args:
            name: Only sweeps of this name, which is that of the task.
            limit: Most sweeps; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        request = partial(list_sweeps.request, name=read_name(name))
        async for data in listed(self._api, request, list_sweeps.parse, limit=limit):
            yield AsyncSweep(data, self)

    async def cancel(self, sweep: str | AsyncSweep) -> AsyncSweep:
        """Ask for a sweep's end; one that has ended stays as it is.

        Raises:
            SweepNotFound: there is none.
        """
        request = cancel_sweep.request(sweep_id=sweep_id_of(sweep))
        return AsyncSweep(await self._api.call(request, cancel_sweep.parse), self)

    async def retry(self, sweep: str | AsyncSweep) -> AsyncSweep:
        """Run those cases of a sweep again that failed or were cancelled.

        Raises:
            Conflict: it is stopping.
            SweepNotFound: there is none.
        """
        request = retry_sweep.request(sweep_id=sweep_id_of(sweep))
        return AsyncSweep(await self._api.call(request, retry_sweep.parse), self)

    async def delete(self, sweep: str | AsyncSweep) -> None:
        """Delete a sweep that has ended; the tasks of its cases stay.

        Raises:
            Conflict: it has not ended.
            SweepNotFound: there is none.
        """
        await self._api.send(delete_sweep.request(sweep_id=sweep_id_of(sweep)))

    async def wait(
        self, sweep: str | AsyncSweep, *, timeout: float | str | None = None
    ) -> AsyncSweep:
        """Wait until all cases of a sweep have ended.

        Args:
            sweep: The sweep; a handle is brought up to date.
            timeout: Longest time to wait: a number of seconds, or text such as `10m`.

        Raises:
            WaitTimeout: the time is over. The sweep goes on.
            SweepNotFound: there is none.
        """
        sweep_id = sweep_id_of(sweep)

        def request(seconds: float) -> Request:
            return wait_sweep.request(sweep_id=sweep_id, timeout=seconds)

        def late(last: SweepData | None) -> WaitTimeout:
            return _timed_out(sweep_id, last, timeout)

        data = await wait_until(
            self._api,
            request,
            wait_sweep.parse,
            is_over=lambda data: data.status in TERMINAL,
            late=late,
            timeout=timeout,
        )
        if not isinstance(sweep, AsyncSweep):
            return AsyncSweep(data, self)
        sweep.data = data
        return sweep

    async def cases(
        self,
        sweep: str | AsyncSweep,
        *,
        status: SweepCaseStatus | str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[SweepCase]:
        """Yield the cases of a sweep in their order, each page fetched when it is needed.

        Args:
            sweep: The sweep.
            status: Only cases in this state: `pending`, `active`, `completed`, ...
            limit: Most cases; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
            SweepNotFound: there is none.
        """
        request = partial(
            list_sweep_cases.request, sweep_id=sweep_id_of(sweep), status=_case_status(status)
        )
        async for case in listed(self._api, request, list_sweep_cases.parse, limit=limit):
            yield case

    async def follow(self, sweep: str | AsyncSweep) -> AsyncIterator[SweepCase]:
        """Yield the cases of a sweep in the order in which they end, until all have ended.

        Args:
            sweep: The sweep; a handle is brought up to date in the end.

        Raises:
            SweepNotFound: there is none.
        """
        request = follow_sweep_cases.request(sweep_id=sweep_id_of(sweep))
        async for event in self._api.events(request, is_last=is_end):
            if event.type == "case":
                yield document(event, SweepCase)
            elif is_end(event) and isinstance(sweep, AsyncSweep):
                sweep.data = document(event, SweepData)


def _case_status(status: SweepCaseStatus | str | None) -> SweepCaseStatus | None:
    if status is None or isinstance(status, SweepCaseStatus):
        return status
    known = [str(each) for each in SweepCaseStatus]
    if status not in known:
        raise InvalidRequest(
            f"a case has no status {str(status)[:60]!r}",
            hint=did_you_mean(str(status), known) or f"one of {', '.join(known)}",
        )
    return SweepCaseStatus(status)


def _timed_out(sweep_id: str, last: SweepData | None, timeout: float | str | None) -> WaitTimeout:
    state = "the gateway does not answer"
    if last is not None:
        left = last.progress.pending + last.progress.active
        state = f"{left} of {last.progress.total} cases are left"
    return WaitTimeout(
        f"{sweep_id} did not end within {shown(timeout)}; {state}",
        hint="it goes on: wait again, or cancel it",
    )
