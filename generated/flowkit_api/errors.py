"""What goes wrong with a call.

Exception
 ├── ApiError        the gateway refused it
 └── ValueError
      └── InvalidBody    a body is not what the contract says
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHOWN_BODY = 200


class ApiError(Exception):
    """An answer that is not a success.

    Args:
        status: The HTTP status.
        code: The contract's name for what went wrong, or `http_<status>` from anything that is
            not a gateway, such as a proxy.
        message: What went wrong, in words.
        problem: The answer's members (RFC 9457), if it had any.
        correlation_id: Names the call in the gateway's log.
        retry_after: Seconds after which a retry may succeed.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        problem: Mapping[str, object] | None = None,
        correlation_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        # All of them, because they are what pickle makes the copy from.
        super().__init__(status, code, message, problem, correlation_id, retry_after)
        self.status = status
        self.code = code
        self.message = message
        self.problem: Mapping[str, object] = problem or {}
        self.correlation_id = correlation_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} ({self.status} {self.code})"

    @property
    def hint(self) -> str | None:
        """What to do about it."""
        return _text(self.problem.get("hint"))

    @property
    def details(self) -> list[dict[str, object]]:
        """Each thing that is wrong with the request: `loc`, `msg` and perhaps `hint`."""
        found = self.problem.get("details")
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


class InvalidBody(ValueError):
    """A body that is not JSON, or not what the contract says.

    Args:
        kind: The name of the type that was expected.
        reason: What is wrong, and where.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(kind, reason)
        self.kind = kind
        self.reason = reason

    def __str__(self) -> str:
        return f"not a {self.kind}: {self.reason}"


def from_response(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """Make an error from whatever was answered.

    Args:
        status: The HTTP status.
        headers: The answer's headers, by any case.
        body: The answer's body, JSON or not.

    Returns:
        The error, with as much as could be read.
    """
    problem = _members(body)
    named = {name.lower(): value for name, value in headers.items()}
    retry_after = _seconds(problem.get("retry_after"))
    if retry_after is None:
        retry_after = _seconds(named.get("retry-after"))
    title = _text(problem.get("title")) or _shown(body) or f"HTTP {status}"
    return ApiError(
        status,
        _text(problem.get("code")) or f"http_{status}",
        _text(problem.get("detail")) or title,
        problem,
        _text(problem.get("correlation_id")) or named.get("flowkit-correlation-id"),
        retry_after,
    )


def _members(body: bytes) -> dict[str, object]:
    import json

    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _shown(body: bytes) -> str:
    return " ".join(body[:_SHOWN_BODY].decode(errors="replace").split())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        seconds = float(value)
    except ValueError:  # an HTTP date
        return None
    return seconds if 0 <= seconds < float("inf") else None
