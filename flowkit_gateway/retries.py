"""Why an attempt ended, and whether and when its task is started again."""

from __future__ import annotations

from typing import cast

from flowkit_gateway.engines.engine import Observation
from flowkit_gateway.journal import outcome
from flowkit_gateway.store.rows import TaskRow

_DEFAULT_CAUSES = ("error", "preempted", "node_lost")
_DEFAULT_BACKOFF = 1.0
_DEFAULT_MAX_BACKOFF = 300.0


def retry_delay(row: TaskRow, seen: Observation) -> float | None:
    """Return after how many seconds a task is to be started again; None if it is not.

    Args:
        row: the task, whose attempt has ended.
        seen: how the attempt ended.
    """
    policy = cast("dict[str, object] | None", row.settings.get("retries"))
    if policy is None or row.cancel_requested_at is not None:
        return None
    status, reason, _ = outcome(seen)
    cause = "error" if reason == "exited" else reason
    causes = cast("list[str]", policy.get("on_causes") or _DEFAULT_CAUSES)
    if status != "failed" or cause not in causes or row.retries >= cast("int", policy["max"]):
        return None
    backoff = cast("float", policy.get("backoff", _DEFAULT_BACKOFF))
    longest = cast("float", policy.get("max_backoff", _DEFAULT_MAX_BACKOFF))
    # Beyond 2**40 any backoff has met its bound, and a float has not met its own.
    return float(min(longest, backoff * 2 ** min(row.retries, 40)))


def told_apart(row: TaskRow, seen: Observation) -> Observation:
    """Return how an attempt ended, with the end of its reservation told from a cancel.

    An engine knows one way to be asked for an end; only one of the two is noted in the task.
    """
    by_reservation = seen.reason == "cancelled" and row.cancel_requested_at is None
    if not by_reservation or row.settings.get("reservation") is None:
        return seen
    return seen._replace(reason="reservation_ended", message="its reservation has ended")
