"""How long a call waits before it is made again."""

from __future__ import annotations

import pytest

from flowkit.transport.retries import LONGEST_DELAY, RetryPolicy, backoff


@pytest.mark.parametrize(
    ("failures", "least", "most"), [(0, 0.05, 0.1), (1, 0.1, 0.2), (3, 0.4, 0.8), (50, 4, 8)]
)
def test_delays_double_up_to_a_bound(failures: int, least: float, most: float) -> None:
    for _ in range(100):
        assert least <= backoff(failures) <= most <= LONGEST_DELAY


def test_delays_differ_so_that_clients_do_not_come_back_as_one() -> None:
    assert len({backoff(3) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("max_retries", "failures", "is_final"),
    [(0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False), (2, 2, True)],
)
def test_the_tries_are_counted(max_retries: int, failures: int, is_final: bool) -> None:
    assert (RetryPolicy(max_retries).delay(failures) is None) == is_final


@pytest.mark.parametrize(
    ("retry_after", "delay"), [(0.0, 0.0), (3.5, 3.5), (60.0, 60.0), (60.1, None), (1e9, None)]
)
def test_the_server_says_when_up_to_a_minute(retry_after: float, delay: float | None) -> None:
    assert RetryPolicy().delay(0, retry_after) == delay
