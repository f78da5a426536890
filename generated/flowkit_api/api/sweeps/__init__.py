"""The operations of one tag, one module each.

list_sweeps: List sweeps, newest first.
create_sweep: Run a task for every combination of the values of its parameters.
get_sweep: Get a sweep and how far it is.
delete_sweep: Delete a sweep that has ended; the tasks of its cases stay.
cancel_sweep: Ask for a sweep's end.
retry_sweep: Run those cases of a sweep again that failed or were cancelled.
wait_sweep: Answer when all cases of a sweep have ended, or after a timeout.
list_sweep_cases: List the cases of a sweep in their order.
follow_sweep_cases: Stream the cases of a sweep in the order in which they end.
"""
