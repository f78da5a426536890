"""The operations of one tag, one module each.

get_health: Say whether the gateway accepts work.
get_server: Describe the gateway, its engine and its limits.
"""
