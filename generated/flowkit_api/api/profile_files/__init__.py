"""The operations of one tag, one module each.

list_profile_files: List the caller's profile files by path.
create_profile_file: Keep a file that is placed in the home of every task of the caller.
get_profile_file: Get a profile file with its content.
delete_profile_file: Delete a profile file.
update_profile_file: Replace a profile file's content or mode.
"""
