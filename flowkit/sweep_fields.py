"""What a sweep handle shows of its sweep, and the table of its cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from flowkit_api.models.sweep import Sweep as SweepData
from flowkit_api.models.sweep_case import SweepCase
from flowkit_api.models.sweep_progress import SweepProgress
from flowkit_api.models.sweep_status import SweepStatus

from flowkit.errors import ConfigError, InvalidSweep, SweepNotFound
from flowkit.handle_fields import Field
from flowkit.sweeps import MOST_CASES

if TYPE_CHECKING:
    from pandas import DataFrame

TERMINAL = frozenset({SweepStatus.COMPLETED, SweepStatus.FAILED, SweepStatus.CANCELLED})

Row: TypeAlias = dict[str, str | int | None]


class SweepFields:
    """The fields of a sweep as they were when the gateway last told them.

    Attributes:
        data: All of them, as the contract has them.
    """

    __slots__ = ("data",)

    def __init__(self, data: SweepData) -> None:
        self.data = data

    id = Field[str]()
    name = Field[str | None]()
    project = Field[str]()
    created_by = Field[str | None]()
    status = Field[SweepStatus]()
    progress = Field[SweepProgress]()
    max_parallel = Field[int | None]()
    created_at = Field[datetime]()
    finished_at = Field[datetime | None]()
    cancel_requested_at = Field[datetime | None]()

    @property
    def sweep_id(self) -> str:
        """The same as `id`."""
        return self.data.id

    @property
    def parameters(self) -> dict[str, list[str]]:
        """The values of each parameter, as text."""
        return {parameter.name: parameter.values for parameter in self.data.parameters}

    @property
    def is_terminal(self) -> bool:
        """Whether all cases have ended."""
        return self.data.status in TERMINAL

    def to_dict(self) -> dict[str, object]:
        """Return the fields that are present, as JSON has them."""
        return self.data.to_dict()

    def __len__(self) -> int:
        return self.data.progress.total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SweepFields) and self.data.id == other.data.id

    def __hash__(self) -> int:
        return hash(self.data.id)

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name is not None else ""
        return f"<{type(self).__name__} {self.id}{name} {self.status}>"


def sweep_id_of(sweep: str | SweepFields) -> str:
    """Return the id of a sweep given by id or handle.

    Raises:
        SweepNotFound: the text cannot be a sweep's id.

    Example:
        >>> sweep_id_of("sweep_0123456789abcdefghjkmnpqrs")
        'sweep_0123456789abcdefghjkmnpqrs'
    """
    if isinstance(sweep, SweepFields):
        return sweep.id
    if isinstance(sweep, str) and re.fullmatch("sweep_[0-9a-z]{26}", sweep):
        return sweep
    shown = repr(sweep[:80]) if isinstance(sweep, str) else f"of type {type(sweep).__name__}"
    raise SweepNotFound(
        f"there is no sweep {shown}",
        status=404,
        hint="a sweep's id is sweep_ and 26 letters or digits, as flow.sweeps.list() shows it",
    )


def checked_max_parallel(most: int | None) -> int | None:
    """Return how many cases may run at a time; None for any number.

    Raises:
        InvalidSweep: it is no number of cases.
    """
    if most is None or (type(most) is int and 1 <= most <= MOST_CASES):
        return most
    shown = repr(most) if isinstance(most, int | float) else f"of type {type(most).__name__}"
    raise InvalidSweep(
        f"invalid max_parallel {shown}", hint=f"a whole number from 1 to {MOST_CASES}"
    )


def table_rows(cases: Iterable[SweepCase]) -> list[Row]:
    """Return a row for each case: its number, its parameters, and what became of it.

    Example:
        >>> table_rows([SweepCase(number=0, parameters={"LR": "0.1"}, status="active", attempt=1)])
        [{'case': 0, 'LR': '0.1', 'status': 'active', 'exit_code': None, 'task_id': None}]
    """
    return [
        {
            "case": case.number,
            **case.parameters,
            "status": str(case.status),
            "exit_code": case.exit_code,
            "task_id": case.task_id,
        }
        for case in cases
    ]


def csv_text(rows: Sequence[Row]) -> str:
    r"""Return a table as CSV (RFC 4180, but for lines that end at `\n`), with a head.

    Example:
        >>> csv_text([{"case": 0, "LR": "0.1", "exit_code": None}])
        'case,LR,exit_code\n0,0.1,\n'
    """
    import csv
    import io

    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def json_text(rows: Sequence[Row]) -> str:
    """Return a table as a JSON list of objects."""
    import json

    return json.dumps(rows, ensure_ascii=False, indent=2)


def data_frame(rows: Sequence[Row]) -> DataFrame:
    """Return a table as a pandas DataFrame, its numbers as numbers.

    Raises:
        ConfigError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ConfigError(
            "pandas is not installed", hint="pip install pandas, or use table() or to_csv()"
        ) from error
    import io

    # What the parameters were written as is told by CSV's own rules: 0.1 is a number, adam is not.
    types = {"status": "string", "task_id": "string", "exit_code": "Int64"}
    return pandas.read_csv(io.StringIO(csv_text(rows)), dtype=types)
