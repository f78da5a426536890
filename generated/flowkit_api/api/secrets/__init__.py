"""The operations of one tag, one module each.

list_secrets: List the project's secrets by name, without their values.
create_secret: Keep a value under a name.
delete_secret: Delete a secret.
update_secret: Replace a secret's value.
"""
