"""Reservations of the gateway as reservations of Slurm, which keeps their machines free.

Slurm's bear the gateway's ids. Up to 22.05 they are of whole machines.
Source: the section on reservations of scontrol(1).
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import math
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from flowkit_gateway.engines.slurm.commands import SlurmError, SlurmUnreachable, call
from flowkit_gateway.problems import Conflict, PermissionDenied, Problem, Unavailable
from flowkit_gateway.store.reservations import ReservationRow

_log = logging.getLogger(__name__)

_LAST_SECONDS = 10.0
"""Seconds that a reservation lives on in which jobs still run that are about to end."""

# What slurmctld says (slurm_errno.c).
_TAKEN = re.compile("busy|overlaps|not available", re.IGNORECASE)
_GONE = re.compile("not found|reservation is invalid", re.IGNORECASE)
_IN_USE = re.compile("in use", re.IGNORECASE)
_FORBIDDEN = re.compile("[Aa]ccess|[Pp]ermission|not permitted")


class SlurmReservations:
    """Has Slurm keep machines free; implements `reservations.Keeper`."""

    async def preferred(self, units: Iterable[str]) -> tuple[str, ...]:
        """Return machines with those last that are idle.

        Raises:
            Unavailable: Slurm does not answer.
        """
        idle = set((await _scontrol("sinfo", "-h", "-N", "-t", "idle", "-o", "%N")).split())
        return tuple(sorted(units, key=lambda name: name in idle))

    async def reconcile(self, live: Iterable[ReservationRow]) -> None:
        """Have what is reserved kept free, where a kill came before that.

        Raises:
            Problem: it cannot be, or Slurm does not answer.
        """
        for row in live:
            await self.keep(row)

    async def keep(self, row: ReservationRow) -> None:
        """Keep the machines of a reservation free in its time.

        Raises:
            Conflict: Slurm says that they are not free.
            PermissionDenied: the gateway's user may not reserve them.
            Unavailable: Slurm does not answer.
        """
        begin = "now" if row.start_at <= time.time() else _local(row.start_at)
        if await self._is_there(row.id):
            await _scontrol("scontrol", "update", f"ReservationName={row.id}", _end(row.end_at))
            return
        await _scontrol(
            "scontrol",
            "create",
            "reservation",
            f"ReservationName={row.id}",
            f"StartTime={begin}",
            _end(row.end_at),
            f"Nodes={','.join(row.units)}",
            f"Users={getpass.getuser()}",
        )

    async def release(self, row: ReservationRow) -> None:
        """Keep its machines no more, at once or when its last job has ended.

        Raises:
            Problem: Slurm does not answer, or refuses.
        """
        name = f"ReservationName={row.id}"
        with contextlib.suppress(_Gone):
            try:
                await _scontrol("scontrol", "delete", name)
            except _InUse:
                await _scontrol("scontrol", "update", name, _end(time.time() + _LAST_SECONDS))

    async def _is_there(self, name: str) -> bool:
        # All of them: of one that is not there scontrol says so among its output.
        shown = await _scontrol("scontrol", "--oneliner", "show", "reservation")
        return f"ReservationName={name} " in shown


class _Gone(Conflict):
    """Slurm has no such reservation."""


class _InUse(Conflict):
    """Jobs run in the reservation."""


async def _scontrol(*command: str) -> str:
    try:
        return await call(*command)
    except SlurmUnreachable as error:
        raise Unavailable(f"Slurm does not answer: {error}", retry_after=1.0) from error
    except SlurmError as error:
        raise _problem(str(error)) from error


def _problem(said: str) -> Problem:
    if _GONE.search(said):
        return _Gone(said)
    if _IN_USE.search(said):
        return _InUse(said)
    if _FORBIDDEN.search(said):
        hint = "the gateway's user needs to be an operator of the cluster (sacctmgr)"
        return PermissionDenied(f"Slurm: {said}", hint=hint)
    hint = "jobs may run there, or others have reserved the machines" if _TAKEN.search(said) else ""
    return Conflict(f"Slurm: {said}", hint=hint or None)


def _end(at: float) -> str:
    return f"EndTime={_local(at)}"


def _local(at: float) -> str:
    """Return a time as Slurm reads it: in the zone of this machine, in whole seconds."""
    moment = datetime.fromtimestamp(math.ceil(at), UTC)
    return moment.astimezone().strftime("%Y-%m-%dT%H:%M:%S")
