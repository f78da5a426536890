"""One task for every combination of the values of its parameters."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

from flowkit.sweeps import Cases
from flowkit_gateway.call import Answer, Call, Gateway, Stream
from flowkit_gateway.creates import created_answer, idempotency_key
from flowkit_gateway.documents import sweep_case_document, sweep_document
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.problems import SweepNotFound
from flowkit_gateway.server_sent_events import event, resume_from
from flowkit_gateway.store.sweep_rows import CaseRow, SweepRow

DEFAULT_WAIT_SECONDS = 30.0
_SWEEP_ID = re.compile(r"sweep_[0-9a-z]{26}")
_NUMBER = re.compile(r"[0-9]{1,16}")
_BATCH = 500


async def create_sweep(call: Call) -> Answer:
    """Accept a sweep."""
    sweeps = call.gateway.sweeps
    return created_answer(await sweeps.create(call.principal, call.body, idempotency_key(call)))


async def get_sweep(call: Call) -> Answer:
    """Answer one sweep."""
    return _answer(call, _sweep(call))


async def list_sweeps(call: Call) -> Answer:
    """Answer a page of sweeps, newest first."""
    size = page_size(call)
    rows = call.gateway.sweeps.rows.page(
        call.project, name=call.text("name"), before=last_seen(call, _SWEEP_ID), limit=size + 1
    )
    return Answer(200, page_document(rows, size, lambda row: _document(call, row), _sweep_id))


async def delete_sweep(call: Call) -> Answer:
    """Delete a sweep that has ended."""
    await call.gateway.sweeps.delete(call.project, call.path["sweep_id"])
    return Answer(204)


async def cancel_sweep(call: Call) -> Answer:
    """Ask for a sweep's end."""
    return _answer(call, await call.gateway.sweeps.cancel(call.project, call.path["sweep_id"]))


async def retry_sweep(call: Call) -> Answer:
    """Run the cases again that failed or were cancelled."""
    return _answer(call, await call.gateway.sweeps.retry(call.project, call.path["sweep_id"]))


async def wait_sweep(call: Call) -> Answer:
    """Answer once the sweep has ended, or the time is over."""
    row = _sweep(call)
    timeout = call.number("timeout")
    if timeout is None:
        timeout = DEFAULT_WAIT_SECONDS
    if not row.terminal and timeout > 0:
        await call.hold(_wait(call, timeout))
        row = _sweep(call)
    return _answer(call, row)


async def list_sweep_cases(call: Call) -> Answer:
    """Answer a page of a sweep's cases."""
    row = _sweep(call)
    size = page_size(call)
    after = last_seen(call, _NUMBER)
    found = call.gateway.sweeps.rows.cases(
        row.id,
        status=call.text("status"),
        after=-1 if after is None else int(after),
        limit=size + 1,
    )
    cases = _cases(call.gateway, row)
    page = page_document(found, size, lambda case: sweep_case_document(case, cases), _case_number)
    return Answer(200, page)


async def follow_sweep_cases(call: Call) -> Stream:
    """Stream a sweep's cases as they end."""
    return Stream(_ended_cases(call.gateway, _sweep(call), resume_from(call, "after") or 0))


async def _ended_cases(gateway: Gateway, row: SweepRow, number: int) -> AsyncGenerator[bytes, None]:
    cases = _cases(gateway, row)
    rows = gateway.sweeps.rows
    with gateway.changes.sweep(row.id) as waiter:
        while True:
            try:
                # Read before its cases: once this says that it has ended, they are complete.
                row = rows.get(row.project, row.id)
            except SweepNotFound:
                return
            found = rows.ended_cases(row.id, after=number, limit=_BATCH)
            for case in found:
                number = case.end_number or number
                yield event("case", number, sweep_case_document(case, cases))
            if len(found) == _BATCH:
                continue
            if row.terminal:
                yield event("end", number, sweep_document(row, rows.plan(row.id)))
                return
            await waiter.wait()


async def _wait(call: Call, timeout: float) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    with call.gateway.changes.sweep(call.path["sweep_id"]) as waiter:
        while not _sweep(call).terminal:
            if not await waiter.wait(deadline - loop.time()):
                return


def _sweep(call: Call) -> SweepRow:
    return call.gateway.sweeps.rows.get(call.project, call.path["sweep_id"])


def _cases(gateway: Gateway, row: SweepRow) -> Cases:
    return Cases(gateway.sweeps.rows.plan(row.id).parameters, row.combine)


def _answer(call: Call, row: SweepRow) -> Answer:
    return Answer(200, _document(call, row))


def _document(call: Call, row: SweepRow) -> dict[str, object]:
    return sweep_document(row, call.gateway.sweeps.rows.plan(row.id))


def _sweep_id(row: SweepRow) -> str:
    return row.id


def _case_number(case: CaseRow) -> str:
    return str(case.number)
