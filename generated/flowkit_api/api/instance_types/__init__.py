"""The operations of one tag, one module each.

list_instance_types: List what a task can run on.
normalize_instance_type: Turn a number of GPUs into an instance type and a number of instances.
"""
