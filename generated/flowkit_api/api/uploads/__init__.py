"""The operations of one tag, one module each.

create_upload: Begin to upload a file in parts.
get_upload: Say how much of an upload has arrived.
delete_upload: Give an upload up.
append_upload: Send the next bytes of an upload.
complete_upload: Put a file in its place once all of it has arrived.
"""
