"""The operations of one tag, one module each.

list_volumes: List the project's volumes and those shared with the caller, newest first.
create_volume: Create a volume.
get_volume: Get a volume.
delete_volume: Delete a volume with everything in it.
update_volume: Change a volume's name, size, permission or whether it can be cloned.
create_volume_clone: Copy a volume with everything in it into a new one.
get_volume_usage: Count what is in a volume.
"""
