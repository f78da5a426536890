from __future__ import annotations
from flowkit_gateway.call import Answer, Call, Stream


async def get_task_logs(call: Call) -> Answer:
    raise NotImplementedError


async def follow_task_logs(call: Call) -> Stream:
    raise NotImplementedError
