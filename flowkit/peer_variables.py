"""Variables that SkyPilot and dstack set for a task's commands, and what they are in flowkit.

Sources: https://docs.skypilot.co/en/stable/running-jobs/environment-variables.html and
https://dstack.ai/docs/reference/environment-variables/.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from flowkit.errors import InvalidTaskConfig

_RANK = '"$FLOWKIT_NODE_RANK"'
_ADDRESSES = "\"${FLOWKIT_NODE_IPS//,/$'\\n'}\""
_NODES = '"$FLOWKIT_NUM_NODES"'
_GPUS_PER_NODE = '"$FLOWKIT_GPUS_PER_NODE"'

VARIABLES = {
    "SKYPILOT_NODE_RANK": _RANK,
    "SKYPILOT_NODE_IPS": _ADDRESSES,
    "SKYPILOT_NUM_NODES": _NODES,
    "SKYPILOT_NUM_GPUS_PER_NODE": _GPUS_PER_NODE,
    "SKYPILOT_TASK_ID": '"$FLOWKIT_TASK_ID"',
    "DSTACK_NODE_RANK": _RANK,
    "DSTACK_NODES_IPS": _ADDRESSES,
    "DSTACK_NODES_NUM": _NODES,
    "DSTACK_MASTER_NODE_IP": '"$MASTER_ADDR"',
    "DSTACK_GPUS_PER_NODE": _GPUS_PER_NODE,
    "DSTACK_GPUS_NUM": '"$((FLOWKIT_GPUS_PER_NODE * FLOWKIT_NUM_NODES))"',
}
"""Their values as bash has them."""


def with_peer_variables(script: str, own: Collection[str]) -> str:
    """Return a script of bash that sets those of the variables that it names.

    Args:
        script: A task's commands.
        own: Variables that the task sets itself.

    Raises:
        InvalidTaskConfig: it names one that flowkit has no value for.

    Example:
        >>> print(with_peer_variables("echo $SKYPILOT_NODE_RANK", ()))
        export SKYPILOT_NODE_RANK="$FLOWKIT_NODE_RANK"
        echo $SKYPILOT_NODE_RANK
    """
    named = dict.fromkeys(re.findall(r"\b(?:SKYPILOT|DSTACK)_[A-Z0-9_]+\b", script))
    wanted = [name for name in named if name not in own]
    if unknown := [name for name in wanted if name not in VARIABLES]:
        raise InvalidTaskConfig(
            f"{unknown[0]} has no counterpart in a flowkit task",
            hint=f"give it a value in env; known: {', '.join(VARIABLES)}",
        )
    return "".join(f"export {name}={VARIABLES[name]}\n" for name in wanted) + script
