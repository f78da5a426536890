"""The operations of one tag, one module each.

list_grants: List grants that the project gave or that the caller received, newest first.
create_grant: Invite a user or a project to use a volume.
delete_grant: Take a grant back, or leave what was shared.
accept_grant: Accept an invitation.
decline_grant: Decline an invitation.
"""
