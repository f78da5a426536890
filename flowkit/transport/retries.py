"""How long a call waits for its answer, when it is made again, and after how long."""

from __future__ import annotations

import random
from typing import NamedTuple

DEFAULT_TIMEOUT = 30.0
RETRIED_STATUSES = frozenset({408, 429, 502, 503, 504})
FIRST_DELAY = 0.1
LONGEST_DELAY = 8.0
LONGEST_RETRY_AFTER = 60.0


class RetryPolicy(NamedTuple):
    """How often a call is made again after it failed.

    Example:
        >>> policy = RetryPolicy(max_retries=2)
        >>> policy.delay(2) is None
        True
        >>> policy.delay(0, retry_after=3.0)
        3.0
    """

    max_retries: int = 2

    def delay(self, failures: int, retry_after: float | None = None) -> float | None:
        """Say how long to wait before the next try.

        Args:
            failures: How many tries have failed before the one that just did.
            retry_after: Seconds that the server asked to wait.

        Returns:
            Seconds, or None when the failure is final: the tries are used up, or the server
            asks for more patience than a call should have.
        """
        if failures >= self.max_retries:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= LONGEST_RETRY_AFTER else None
        return backoff(failures)


def backoff(failures: int) -> float:
    """Return an exponential delay with jitter, so that clients do not come back as one."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures, 16))
    return longest * random.uniform(0.5, 1.0)
