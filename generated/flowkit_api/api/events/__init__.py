"""The operations of one tag, one module each.

list_events: List what happened in the project, newest first.
follow_events: Stream what happens in the project.
"""
