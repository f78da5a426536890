"""The operations of one tag, one module each.

list_files: List a directory, in the order of paths.
delete_file: Delete a file or a directory.
stat_file: Describe a file or a directory.
read_file: Download a file, or a range of its bytes.
write_file: Upload a file in one call; it appears when it is whole.
make_directory: Make a directory, and those above it.
move_file: Move or rename a file or a directory within one space.
"""
