"""The operations of one tag, one module each.

apply_snapshot: Update the workspace of a task from a snapshot.
list_snapshots: List the project's snapshots, newest first.
create_snapshot: Describe a source tree, and learn what the gateway lacks of it.
get_snapshot: Get a snapshot, with what the gateway still lacks of it.
upload_snapshot_objects: Send contents that the gateway lacks of a snapshot.
"""
