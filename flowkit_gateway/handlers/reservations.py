"""Machines that are kept free for a project's tasks."""

from __future__ import annotations

import re

from flowkit_gateway.call import Answer, Call
from flowkit_gateway.creates import created_answer, encoded, idempotency_key
from flowkit_gateway.documents import reservation_document, timestamp
from flowkit_gateway.pages import last_seen, page_document, page_size
from flowkit_gateway.store.reservations import ReservationRow

_RESERVATION_ID = re.compile(r"reservation_[0-9a-z]{26}")


async def create_reservation(call: Call) -> Answer:
    """Reserve machines."""
    reservations = call.gateway.reservations
    created = await reservations.create(call.principal, call.body, idempotency_key(call), _created)
    return created_answer(created)


async def list_reservations(call: Call) -> Answer:
    """Answer a page of reservations, newest first."""
    size = page_size(call)
    rows = call.gateway.reservations.table.page(
        call.project,
        name=call.text("name"),
        status=call.text("status"),
        before=last_seen(call, _RESERVATION_ID),
        limit=size + 1,
    )
    return Answer(200, page_document(rows, size, reservation_document, lambda row: row.id))


async def get_reservation_availability(call: Call) -> Answer:
    """Answer when machines can be reserved."""
    found = call.gateway.reservations.availability(
        str(call.text("instance_type")),
        call.integer("quantity") or 1,
        region=call.text("region"),
        earliest_start_at=call.text("earliest_start_at"),
        latest_end_at=call.text("latest_end_at"),
    )
    slots = [
        {
            "start_at": timestamp(slot.start_at),
            "end_at": timestamp(slot.end_at),
            "quantity": slot.quantity,
        }
        for slot in found.slots
    ]
    document = {"instance_type": found.instance_type, "region": found.region, "slots": slots}
    return Answer(200, document)


async def get_reservation(call: Call) -> Answer:
    """Answer one reservation."""
    row = call.gateway.reservations.table.get(call.project, call.path["reservation_id"])
    return Answer(200, reservation_document(row))


async def update_reservation(call: Call) -> Answer:
    """Change whether a reservation is renewed."""
    reservations = call.gateway.reservations
    row = await reservations.update(call.project, call.path["reservation_id"], call.body)
    return Answer(200, reservation_document(row))


async def cancel_reservation(call: Call) -> Answer:
    """End a reservation now."""
    reservations = call.gateway.reservations
    row = await reservations.cancel(call.project, call.path["reservation_id"])
    return Answer(200, reservation_document(row))


def _created(row: ReservationRow) -> bytes:
    return encoded(reservation_document(row))
