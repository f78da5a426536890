"""The operations of one tag, one module each.

get_health: Say whether the gateway accepts work.
get_server: Describe the gateway, its engine and its limits.
collect_garbage: Remove what is old and used by nothing, or say what would go.
"""
