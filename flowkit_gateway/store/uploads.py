"""Files on their way, with the SQL that keeps what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace

from flowkit_gateway.store.answers import Answers
from flowkit_gateway.store.database import Database, Transaction
from flowkit_gateway.store.rows import Created, IdempotencyKey


@dataclass(slots=True, frozen=True)
class UploadRow:
    """A file on its way. How much of it has arrived is what is on the disk."""

    id: str
    project: str
    created_by: str
    space: str
    path: str
    size_bytes: int
    mode: int
    modified_ns: int | None
    """Unix nanoseconds."""
    overwrite: bool
    created_at: float
    """Unix time."""
    arrives_in: str | None = None
    """Directory where it arrives, when that is not the gateway's own."""
    answer: bytes | None = None
    """What completing it was answered; written before the file gets its name."""


_COLUMNS = ", ".join(field.name for field in fields(UploadRow))
_PLACES = ", ".join("?" * len(fields(UploadRow)))
_OPEN_BYTES = "SELECT COALESCE(SUM(size_bytes), 0) FROM uploads WHERE space = ? AND answer IS NULL"


class UploadTable:
    """The uploads of one gateway.

    Args:
        database: where they are kept.
        answers: makes creates safe to repeat.
    """

    def __init__(self, database: Database, answers: Answers) -> None:
        self._database = database
        self._answers = answers

    def get(self, upload_id: str) -> UploadRow | None:
        """Return an upload of any project."""
        found = self._database.read(f"SELECT {_COLUMNS} FROM uploads WHERE id = ?", (upload_id,))
        return _row(found[0]) if found else None

    def all(self) -> list[UploadRow]:
        """Return all uploads of all projects, oldest first."""
        found = self._database.read(f"SELECT {_COLUMNS} FROM uploads ORDER BY id")
        return [_row(values) for values in found]

    def open_bytes(self, space_id: str) -> int:
        """Return the sizes that the open uploads into a space will have in all."""
        return int(self._database.read(_OPEN_BYTES, (space_id,))[0][0])

    def find_created(self, project: str, key: IdempotencyKey | None) -> Created | None:
        """Return the first answer to a create that is being repeated (see `Answers.find`)."""
        return self._answers.find(project, key)

    async def create(
        self,
        row: UploadRow,
        key: IdempotencyKey | None,
        answer: bytes,
        check: Callable[[int], None],
    ) -> Created:
        """Add an upload.

        Args:
            row: the upload.
            key: what makes the create safe to repeat, if anything.
            answer: the body to answer with.
            check: given what the open uploads into the space have in all, raises what speaks
                against one more.

        Raises:
            IdempotencyConflict: the key was used for another request.
        """

        def work(connection: Transaction) -> None:
            check(int(connection.execute(_OPEN_BYTES, (row.space,)).fetchone()[0]))
            connection.execute(f"INSERT INTO uploads ({_COLUMNS}) VALUES ({_PLACES})", astuple(row))

        return await self._answers.create(row.project, key, answer, work)

    async def set_answer(self, upload_id: str, answer: bytes | None) -> None:
        """Write down what completing an upload is answered, or that it is open after all."""

        def work(connection: Transaction) -> None:
            connection.execute("UPDATE uploads SET answer = ? WHERE id = ?", (answer, upload_id))

        await self._database.write(work)

    async def remove(self, upload_id: str) -> None:
        """Remove an upload."""

        def work(connection: Transaction) -> None:
            connection.execute("DELETE FROM uploads WHERE id = ?", (upload_id,))

        await self._database.write(work)


def _row(values: tuple[object, ...]) -> UploadRow:
    row = UploadRow(*values)  # type: ignore[arg-type]  # the columns are the fields
    return replace(row, overwrite=bool(row.overwrite))
