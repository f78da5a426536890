from __future__ import annotations

import datetime

import attrs

from ..codec import Model
from .engine_name import EngineName
from .server_limits import ServerLimits


@attrs.define(kw_only=True, slots=False, repr=False)
class Server(Model):
    """A gateway.

    Attributes:
        version: The gateway's release.
        contract_version: The contract that it keeps.
        engine: What runs the tasks.
        embedded: Serves its starter alone and runs tasks in place.
        simulated: Offers GPUs that are not there.
        project: The project of this call.
        user: The user of this call.
        limits: Bounds of one request and one task.
    """

    version: str
    contract_version: str
    engine: EngineName
    embedded: bool
    simulated: bool
    pid: int
    started_at: datetime.datetime
    uptime_seconds: float
    project: str
    user: str
    limits: ServerLimits
