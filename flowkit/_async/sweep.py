"""A sweep that can be waited for, followed, cancelled and retried."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Self

from flowkit.sweep_fields import Row, SweepFields, csv_text, data_frame, json_text, table_rows

if TYPE_CHECKING:
    from flowkit_api.models import SweepCase, SweepCaseStatus
    from flowkit_api.models.sweep import Sweep as SweepData
    from pandas import DataFrame

    from flowkit._async.sweeps import AsyncSweeps


class AsyncSweep(SweepFields):
    """A sweep: its fields as they were last seen, and what can be done with it.

    Attributes:
        data: All fields, as the contract has them.

    Example:
        >>> async with AsyncFlow() as flow:
        ...     sweep = await flow.sweep("exit {CODE}", {"CODE": [0, 3]}, max_parallel=2)
        ...     print((await sweep.wait()).status, sweep.progress.failed)
        ...     for row in await sweep.table():
        ...         print(row["CODE"], row["status"], row["exit_code"])
        failed 1
        0 completed 0
        3 failed 3
    """

    __slots__ = ("_sweeps",)

    def __init__(self, data: SweepData, sweeps: AsyncSweeps) -> None:
        super().__init__(data)
        self._sweeps = sweeps

    async def wait(self, timeout: float | str | None = None) -> Self:
        """Wait until all cases have ended.

        Args:
            timeout: Longest time to wait: a number of seconds, or text such as `10m`.

        Returns:
            This sweep, its fields as they are then.

        Raises:
            WaitTimeout: the time is over. The sweep goes on.
            SweepNotFound: it has been deleted.
        """
        await self._sweeps.wait(self, timeout=timeout)
        return self

    async def refresh(self) -> Self:
        """Fetch the fields as they are now.

        Raises:
            SweepNotFound: the sweep has been deleted.
        """
        self.data = (await self._sweeps.get(self)).data
        return self

    async def cancel(self) -> Self:
        """Ask for the sweep's end: of its tasks, and of the cases that have none yet.

        Raises:
            SweepNotFound: it has been deleted.
        """
        self.data = (await self._sweeps.cancel(self)).data
        return self

    async def retry(self) -> Self:
        """Run the cases again that failed or were cancelled; their old tasks stay.

        Raises:
            Conflict: it is stopping.
            SweepNotFound: it has been deleted.
        """
        self.data = (await self._sweeps.retry(self)).data
        return self

    async def delete(self) -> None:
        """Delete the sweep, which has ended; the tasks of its cases stay.

        Raises:
            Conflict: it has not ended.
            SweepNotFound: it has been deleted.
        """
        await self._sweeps.delete(self)

    def cases(self, *, status: SweepCaseStatus | str | None = None) -> AsyncIterator[SweepCase]:
        """Yield the cases in their order.

        Args:
            status: Only cases in this state: `pending`, `active`, `completed`, ...

        Raises:
            InvalidRequest: there is no such state.
            SweepNotFound: it has been deleted.
        """
        return self._sweeps.cases(self, status=status)

    def follow(self) -> AsyncIterator[SweepCase]:
        """Yield the cases in the order in which they end, until all have ended.

        A broken connection is taken up where it broke. In the end the fields of this sweep are
        those of a sweep that has ended.

        Raises:
            SweepNotFound: it has been deleted.
        """
        return self._sweeps.follow(self)

    async def table(self) -> list[Row]:
        """Return a row for each case: `case`, its parameters, `status`, `exit_code`, `task_id`.

        Raises:
            SweepNotFound: it has been deleted.
        """
        return table_rows([case async for case in self.cases()])

    async def to_csv(self) -> str:
        """Return the table as CSV, with a head.

        Raises:
            SweepNotFound: it has been deleted.
        """
        return csv_text(await self.table())

    async def to_json(self) -> str:
        """Return the table as a JSON list of objects.

        Raises:
            SweepNotFound: it has been deleted.
        """
        return json_text(await self.table())

    async def to_pandas(self) -> DataFrame:
        """Return the table as a pandas DataFrame, in which parameters that are numbers are so.

        Raises:
            ConfigError: pandas is not installed.
            SweepNotFound: it has been deleted.
        """
        return data_frame(await self.table())
