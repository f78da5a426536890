# Written by `make regen` from flowkit/_async/sweeps.py: edit that file.
"""`flow.sweeps`: everything that can be done with sweeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

from flowkit._sync.paging import listed
from flowkit._sync.sweep import Sweep
from flowkit._sync.waiting import shown, wait_until
from flowkit.errors import InvalidRequest, InvalidSweep, WaitTimeout
from flowkit.stream_events import document, is_end
from flowkit.suggestions import did_you_mean
from flowkit.sweep_fields import TERMINAL, checked_max_parallel, sweep_id_of
from flowkit.sweeps import Cases, Values, read_parameters
from flowkit.task_filters import read_name

if TYPE_CHECKING:
    from flowkit_api.types import Request

    from flowkit._sync.tasks import Tasks
    from flowkit.task_config import TaskLike
    from flowkit.transport._sync.transport import Transport


class Sweeps:
    """Everything that can be done with sweeps; a sweep is given by its id or as a handle.

    Args:
        api: What to send with.
        tasks: What knows how a task is sent.
    """

    def __init__(self, api: Transport, tasks: Tasks) -> None:
        self._api = api
        self._tasks = tasks

    def create(
        self,
        task: TaskLike,
        parameters: Mapping[str, Values],
        *,
        combine: Literal["product", "zip"] = "product",
        max_parallel: int | None = None,
        on_failure: Literal["continue", "stop"] = "continue",
        idempotency_key: str | None = None,
        **overrides: object,
    ) -> Sweep:
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
            task=self._tasks.to_wire(task, overrides),
            parameters=[SweepParameter(name=name, values=each) for name, each in values.items()],
            combine=SweepCombination(combine),
            max_parallel=most,
            on_failure=SweepFailurePolicy(on_failure),
        )
        request = create_sweep.request(body=body, idempotency_key=idempotency_key)
        return Sweep(self._api.call(request, create_sweep.parse), self)

    def get(self, sweep: str | Sweep) -> Sweep:
        """Return a sweep as it is now.

        Raises:
            SweepNotFound: there is none.
        """
        request = get_sweep.request(sweep_id=sweep_id_of(sweep))
        return Sweep(self._api.call(request, get_sweep.parse), self)

    def list(self, *, name: str | None = None, limit: int | None = None) -> Iterator[Sweep]:
        """Yield sweeps, newest first, each page fetched when it is needed.

        Args:
            name: Only sweeps of this name, which is that of the task.
            limit: Most sweeps; None for all.

        Raises:
            InvalidRequest: an argument is wrong.
        """
        request = partial(list_sweeps.request, name=read_name(name))
        for data in listed(self._api, request, list_sweeps.parse, limit=limit):
            yield Sweep(data, self)

    def cancel(self, sweep: str | Sweep) -> Sweep:
        """Ask for a sweep's end; one that has ended stays as it is.

        Raises:
            SweepNotFound: there is none.
        """
        request = cancel_sweep.request(sweep_id=sweep_id_of(sweep))
        return Sweep(self._api.call(request, cancel_sweep.parse), self)

    def retry(self, sweep: str | Sweep) -> Sweep:
        """Run those cases of a sweep again that failed or were cancelled.

        Raises:
            Conflict: it is stopping.
            SweepNotFound: there is none.
        """
        request = retry_sweep.request(sweep_id=sweep_id_of(sweep))
        return Sweep(self._api.call(request, retry_sweep.parse), self)

    def delete(self, sweep: str | Sweep) -> None:
        """Delete a sweep that has ended; the tasks of its cases stay.

        Raises:
            Conflict: it has not ended.
            SweepNotFound: there is none.
        """
        self._api.send(delete_sweep.request(sweep_id=sweep_id_of(sweep)))

    def wait(self, sweep: str | Sweep, *, timeout: float | str | None = None) -> Sweep:
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

        data = wait_until(
            self._api,
            request,
            wait_sweep.parse,
            is_over=lambda data: data.status in TERMINAL,
            late=late,
            timeout=timeout,
        )
        if not isinstance(sweep, Sweep):
            return Sweep(data, self)
        sweep.data = data
        return sweep

    def cases(
        self,
        sweep: str | Sweep,
        *,
        status: SweepCaseStatus | str | None = None,
        limit: int | None = None,
    ) -> Iterator[SweepCase]:
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
        for case in listed(self._api, request, list_sweep_cases.parse, limit=limit):
            yield case

    def follow(self, sweep: str | Sweep) -> Iterator[SweepCase]:
        """Yield the cases of a sweep in the order in which they end, until all have ended.

        Args:
            sweep: The sweep; a handle is brought up to date in the end.

        Raises:
            SweepNotFound: there is none.
        """
        request = follow_sweep_cases.request(sweep_id=sweep_id_of(sweep))
        for event in self._api.events(request, is_last=is_end):
            if event.type == "case":
                yield document(event, SweepCase)
            elif is_end(event) and isinstance(sweep, Sweep):
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
