"""The operations of one tag, one module each.

list_tasks: List tasks, newest first.
create_task: Submit a task.
create_tasks: Submit many tasks, all or none.
plan_task: Say what would be chosen for a task, and create nothing.
get_task: Get a task.
delete_task: Delete a finished task with its logs.
update_task: Change a task's name, labels or priority.
cancel_task: Ask for a task's end.
hold_task: Keep a queued task from starting until it is released.
release_task: Let a task start that is held.
list_task_attempts: List how often a task was started and what became of it, newest first.
wait_task: Answer when a task reaches a state, or after a timeout.
get_task_logs: Read a part of a task's output.
follow_task_logs: Stream a task's output until the task has ended.
list_task_events: List what happened to a task, newest first.
follow_task_events: Stream what happens to a task until it has ended.
mount_volume: Add a mount to a task that has not started.
"""
