"""Reservations that cannot be."""

from __future__ import annotations

import re

import pytest

from tests.campaigns.bad_input.conftest import Refused
from tests.campaigns.bad_input.hints import DURATION
from tests.campaigns.bad_input.rows import Row, name_of

FROM_NOW = "write in how long (5m, 2h, 1d) or when (2026-11-20 10:00, 2026-11-20T10:00:00Z)"
END = "give a duration, or end_at"
OTHER_END = "end it after its start, in time to come"
NAMED = "use up to 64 letters, digits, . _ and -, and begin with a letter or digit"
RESERVATION = "give its name, or its id, which is reservation_ and 26 letters or digits"
RESERVATIONS = "`flowkit reservation ls` lists the reservations"
CREATE = ["reservation", "create", "1xa100"]
HOUR = ["--duration", "1h"]

ROWS = [
    Row(["reservation"], "missing command", "see `flowkit reservation --help`"),
    Row(
        ["reservation", "shwo"],
        "no such command: shwo",
        "did you mean `flowkit reservation show`?",
    ),
    Row(CREATE, "it is not said when the reservation ends", END),
    Row([*CREATE, *HOUR, "--end-at", "1h"], "it is said twice when the reservation ends", END),
    Row(
        [*CREATE, "--duration", "60"],
        "--duration: invalid duration '60': the unit is missing",
        "write 60s for seconds, 60m for minutes",
    ),
    Row(
        [*CREATE, "--duration", "-1h"],
        "--duration: invalid duration '-1h': not a duration",
        DURATION,
    ),
    Row(
        [*CREATE, "--end-at", "soon"],
        "--end-at: invalid time 'soon': not a time that can be read",
        FROM_NOW,
    ),
    Row([*CREATE, "--end-at", "2001-01-01"], "the reservation ends before it begins", OTHER_END),
    Row(
        [*CREATE, "--start-at", "2h", "--end-at", "1h"],
        "the reservation ends before it begins",
        OTHER_END,
    ),
    Row([*CREATE, *HOUR, "--quantity", "0"], "--quantity: 0 is too small", "it is at least 1"),
    Row([*CREATE, *HOUR, "--quantity", "-1"], "--quantity: -1 is too small", "it is at least 1"),
    Row(
        [*CREATE, *HOUR, "--quantity", "1000000"],
        "invalid quantity 1000000",
        "a whole number from 1 to 100000",
    ),
    Row([*CREATE, *HOUR, "--name", "a b"], "invalid reservation name 'a b'", NAMED),
    Row(
        ["reservation", "create", "1xt5", *HOUR],
        re.compile("invalid instance type '1xt5'.*"),
        re.compile(".*t4.*"),
    ),
    Row(
        ["reservation", "create", "cpu", *HOUR],
        "machines without GPUs cannot be reserved",
        "reserve a type with GPUs; CPUs are shared by all",
        served=True,
    ),
    Row(
        [*CREATE, *HOUR, "--region", "mars"],
        "there is no region 'mars' here",
        "leave region unset, or use 'local'",
        served=True,
    ),
    Row(
        [*CREATE, "--start-at", "2001-01-01", "--end-at", "1h"],
        re.compile(".*is past.*"),
        "leave it out to start now",
        served=True,
    ),
    Row(
        ["reservation", "show", "x"],
        "there is no reservation 'x' that has not ended",
        RESERVATIONS,
        code=3,
        served=True,
    ),
    Row(["reservation", "cancel", "a b"], "there is no reservation 'a b'", RESERVATION, code=3),
    Row(
        ["run", "--reservation", "a b", "--", "true"],
        "invalid reservation 'a b': it is not a name or an id",
        "as in nightly",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_reservation_that_cannot_be_is_not_made(refused: Refused, row: Row) -> None:
    refused(row)
