# Written by `make regen` from flowkit/_async/swept_tasks.py: edit that file.
"""What a `Flow` can do with one task and many values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from flowkit._sync.connection import Connection

if TYPE_CHECKING:
    from flowkit_api.models import SweepCase

    from flowkit._sync.sweep import Sweep
    from flowkit._sync.sweeps import Sweeps
    from flowkit._sync.tasks import Tasks
    from flowkit.sweeps import Values
    from flowkit.task_config import TaskLike


class SweptTasks(Connection):
    """The part of `Flow` that is about many tasks as one thing."""

    if TYPE_CHECKING:

        @cached_property
        def tasks(self) -> Tasks:
            """That of `Flow`."""

    @cached_property
    def sweeps(self) -> Sweeps:
        """Everything that can be done with sweeps."""
        from flowkit._sync.sweeps import Sweeps

        return Sweeps(self.api, self.tasks)

    def sweep(
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
        """Run a task for every combination of the values of its parameters.

        The gateway runs the sweep: it goes on when this process ends. In the command and in the
        values of `env`, `{NAME}` of a parameter is replaced by its value; other braces stay, and
        so does `${NAME}`, where the shell finds the same value. Each case also sees
        `FLOWKIT_SWEEP_ID`, `FLOWKIT_SWEEP_CASE` and `FLOWKIT_SWEEP_PARAMETERS`, all values as
        JSON.

        Args:
            task: As `run` takes it.
            parameters: Names of variables with their values: a list of these, or text such as
                `case:a,b,c`, `range:0,10,2` (whole numbers, as Python's) or `linspace:0,1,5`
                (evenly spaced, both ends included). At most 10,000 cases.
            combine: `product` for every combination, the last parameter changing fastest; `zip`
                for the first values of all, the second values of all, and so on.
            max_parallel: Most cases whose tasks have not ended, at any moment; None for all.
            on_failure: `stop` to cancel what runs and start no more once a case has failed.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidSweep: the parameters are wrong; nothing is submitted.
            InvalidTaskConfig: the task is wrong; nothing is submitted.
            NoCapacity: nothing here can ever run it.

        Example:
            >>> with Flow() as flow:
            ...     sweep = flow.sweep(
            ...         "echo {LR} $SEED", {"LR": "linspace:0.1,0.3,3", "SEED": [1, 2]}
            ...     )
            ...     print(len(sweep), (sweep.wait(timeout="1m")).status)
            6 completed
        """
        return self.sweeps.create(
            task,
            parameters,
            combine=combine,
            max_parallel=max_parallel,
            on_failure=on_failure,
            idempotency_key=idempotency_key,
            **overrides,
        )

    def map(
        self,
        task: TaskLike,
        values: Values,
        *,
        max_parallel: int | None = None,
        on_failure: Literal["continue", "stop"] = "continue",
        idempotency_key: str | None = None,
        **overrides: object,
    ) -> Iterator[SweepCase]:
        """Run a task for each value, and yield the cases in the order in which they end.

        A sweep over one parameter, `VALUE`. It is durable when this returns, and goes on when
        nobody reads the cases any more.

        Args:
            task: As `run` takes it; `{VALUE}` in its command is replaced.
            values: As `sweep` takes those of a parameter.
            max_parallel: Most cases whose tasks have not ended, at any moment; None for all.
            on_failure: `stop` to cancel what runs and start no more once a case has failed.
            idempotency_key: Makes the call safe to repeat, from other processes too.
            overrides: Fields of `TaskConfig` that go before the task's own.

        Raises:
            InvalidSweep: the values are wrong; nothing is submitted.
            InvalidTaskConfig: the task is wrong; nothing is submitted.
            NoCapacity: nothing here can ever run it.

        Example:
            >>> with Flow() as flow:
            ...     for case in flow.map("exit {VALUE}", [0, 7], max_parallel=1):
            ...         print(case.parameters["VALUE"], case.status, case.exit_code)
            0 completed 0
            7 failed 7
        """
        sweep = self.sweep(
            task,
            {"VALUE": values},
            combine="product",
            max_parallel=max_parallel,
            on_failure=on_failure,
            idempotency_key=idempotency_key,
            **overrides,
        )
        return sweep.follow()
