"""A call of each operation on reservations, and what must go over the wire for it."""

from __future__ import annotations

from datetime import UTC, datetime

from flowkit_api.models import ReservationCreate, ReservationStatus, ReservationUpdate

from . import samples
from .call import Call

RESERVATION_ID = "reservation_01jd2k3m4n5p6q7r8s9t0v1w2x"
_BEGIN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
_END = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
_RESERVATION: samples.Json = {
    "id": RESERVATION_ID,
    "project": "default",
    "instance_type": "8xh100",
    "quantity": 2,
    "region": "local",
    "start_at": samples.TIME,
    "end_at": samples.TIME,
    "auto_renew": False,
    "status": "scheduled",
    "simulated": False,
    "created_at": samples.TIME,
}

RESERVATION_CALLS = {
    "create_reservation": Call(
        {
            "body": ReservationCreate(
                instance_type="8xh100",
                quantity=2,
                name="nightly",
                start_at=_BEGIN,
                end_at=_END,
                auto_renew=True,
            ),
            "idempotency_key": "k4",
        },
        "POST /v1/reservations",
        _RESERVATION,
        body={
            "instance_type": "8xh100",
            "quantity": 2,
            "name": "nightly",
            "start_at": "2026-11-20T09:30:00Z",
            "end_at": "2026-11-20T10:30:00Z",
            "auto_renew": True,
        },
        headers=(("idempotency-key", "k4"),),
    ),
    "list_reservations": Call(
        {"status": ReservationStatus.ACTIVE, "name": "nightly", "page_size": 10},
        "GET /v1/reservations?page_size=10&name=nightly&status=active",
        samples.page(_RESERVATION),
    ),
    "get_reservation_availability": Call(
        {"instance_type": "8xh100", "quantity": 2, "earliest_start_at": _BEGIN},
        "GET /v1/reservations:availability?instance_type=8xh100&quantity=2"
        "&earliest_start_at=2026-11-20T09%3A30%3A00Z",
        {
            "instance_type": "8xh100",
            "region": "local",
            "slots": [{"start_at": samples.TIME, "end_at": samples.TIME, "quantity": 2}],
        },
    ),
    "get_reservation": Call(
        {"reservation_id": RESERVATION_ID}, f"GET /v1/reservations/{RESERVATION_ID}", _RESERVATION
    ),
    "update_reservation": Call(
        {"reservation_id": RESERVATION_ID, "body": ReservationUpdate(auto_renew=False)},
        f"PATCH /v1/reservations/{RESERVATION_ID}",
        _RESERVATION,
        body={"auto_renew": False},
    ),
    "cancel_reservation": Call(
        {"reservation_id": RESERVATION_ID},
        f"POST /v1/reservations/{RESERVATION_ID}:cancel",
        _RESERVATION,
    ),
}
