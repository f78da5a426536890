"""The operations of one tag, one module each.

list_reservations: List reservations, newest first.
create_reservation: Keep machines free for the project's tasks, from a time to a time.
get_reservation_availability: Say when machines can be reserved.
get_reservation: Get a reservation.
update_reservation: Change whether a reservation is renewed when it ends.
cancel_reservation: End a reservation now.
"""
