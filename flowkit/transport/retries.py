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
        >>> policy.delay(2, outage=59.0) is None
        False
    """

    max_retries: int = 2
    longest_outage: float = 60.0
    """Seconds for which a wait or a stream that was under way is tried again, beyond the number
    of retries: it may have lasted for days, and a gateway's restart should not end it."""

    def delay(
        self, failures: int, retry_after: float | None = None, *, outage: float | None = None
    ) -> float | None:
        """Say how long to wait before the next try.

        Args:
            failures: How many tries have failed before the one that just did.
            retry_after: Seconds that the server asked to wait.
            outage: Seconds since the first of these failures, of what was under way before.

        Returns:
            Seconds, or None when the failure is final: the tries are used up, or the server
            asks for more patience than a call should have.
        """
        rides_out = self.max_retries > 0 and outage is not None and outage < self.longest_outage
        if failures >= self.max_retries and not rides_out:
            return None
        if retry_after is not None:
            return retry_after if retry_after <= LONGEST_RETRY_AFTER else None
        return backoff(failures)


def backoff(failures: int) -> float:
    """Return an exponential delay with jitter, so that clients do not come back as one."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(failures, 16))
    return longest * random.uniform(0.5, 1.0)
