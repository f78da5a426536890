"""`flowkit reservation` as people use it."""

from __future__ import annotations

import json

from tests.e2e.cli.conftest import CommandLine


def test_a_reservation_from_its_creation_to_its_cancel(cli: CommandLine) -> None:
    made = cli(
        "reservation", "create", "2xa30", "--duration", "1h", "--name", "cli-own", "-o", "json"
    )
    assert made.exit_code == 0, made
    reservation = json.loads(made.stdout)
    assert (reservation["status"], reservation["instance_type"]) == ("active", "2xa30")

    ran = cli(
        "run", "--gpu", "a30:2", "--reservation", "cli-own", "--", "printenv", "FLOWKIT_RESERVATION"
    )
    assert (ran.exit_code, ran.stdout.decode().strip()) == (0, reservation["id"])

    shown = cli("reservation", "show", "cli-own").stdout.decode()
    assert "1 2xa30 (simulated)" in shown
    assert "active" in shown
    listed = cli("reservation", "ls", "--status", "active").stdout.decode()
    assert reservation["id"] in listed

    renewed = cli("reservation", "renew", "cli-own", "-o", "json")
    assert json.loads(renewed.stdout)["auto_renew"] is True
    kept = cli("reservation", "renew", "--off", "cli-own", "-o", "json")
    assert json.loads(kept.stdout)["auto_renew"] is False

    cancelled = cli("reservation", "cancel", "cli-own")
    assert cancelled.stdout.decode().split() == [reservation["id"], "cancelled"]


def test_when_machines_are_free(cli: CommandLine) -> None:
    whole = cli("reservation", "availability", "8xl40", "--latest-end-at", "1h", "-o", "json")
    assert [slot["quantity"] for slot in json.loads(whole.stdout)] == [1]
    made = cli("reservation", "create", "8xl40", "--start-at", "10m", "--end-at", "20m")
    table = cli("reservation", "availability", "1xl40", "--latest-end-at", "1h").stdout.decode()
    assert [line.split()[-1] for line in table.splitlines()] == ["FREE", "8", "8"]
    refused = cli("reservation", "create", "1xl40", "--start-at", "15m", "--duration", "1h")
    assert refused.exit_code == 1
    assert "0 of 1 1xl40 are free" in refused.error[0]
    assert "as many are free for as long from" in refused.error[1]
    assert cli("reservation", "cancel", made.stdout.decode().strip()).exit_code == 0
