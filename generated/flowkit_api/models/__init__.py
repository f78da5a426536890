"""The objects and enums of the contract, each imported when it is first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .engine_name import EngineName as EngineName
    from .error_code import ErrorCode as ErrorCode
    from .event import Event as Event
    from .event_page import EventPage as EventPage
    from .health import Health as Health
    from .health_status import HealthStatus as HealthStatus
    from .instance_type import InstanceType as InstanceType
    from .instance_type_page import InstanceTypePage as InstanceTypePage
    from .instance_type_request import InstanceTypeRequest as InstanceTypeRequest
    from .log_chunk import LogChunk as LogChunk
    from .log_end import LogEnd as LogEnd
    from .log_page import LogPage as LogPage
    from .log_stream import LogStream as LogStream
    from .money import Money as Money
    from .normalized_instance_type import NormalizedInstanceType as NormalizedInstanceType
    from .plan_check import PlanCheck as PlanCheck
    from .plan_outcome import PlanOutcome as PlanOutcome
    from .problem import Problem as Problem
    from .problem_detail import ProblemDetail as ProblemDetail
    from .server import Server as Server
    from .server_limits import ServerLimits as ServerLimits
    from .task import Task as Task
    from .task_batch import TaskBatch as TaskBatch
    from .task_batch_create import TaskBatchCreate as TaskBatchCreate
    from .task_clear_field import TaskClearField as TaskClearField
    from .task_create import TaskCreate as TaskCreate
    from .task_page import TaskPage as TaskPage
    from .task_plan import TaskPlan as TaskPlan
    from .task_reason import TaskReason as TaskReason
    from .task_settings import TaskSettings as TaskSettings
    from .task_status import TaskStatus as TaskStatus
    from .task_update import TaskUpdate as TaskUpdate
    from .wait_until import WaitUntil as WaitUntil

_MODULES = {
    "EngineName": "engine_name",
    "ErrorCode": "error_code",
    "Event": "event",
    "EventPage": "event_page",
    "Health": "health",
    "HealthStatus": "health_status",
    "InstanceType": "instance_type",
    "InstanceTypePage": "instance_type_page",
    "InstanceTypeRequest": "instance_type_request",
    "LogChunk": "log_chunk",
    "LogEnd": "log_end",
    "LogPage": "log_page",
    "LogStream": "log_stream",
    "Money": "money",
    "NormalizedInstanceType": "normalized_instance_type",
    "PlanCheck": "plan_check",
    "PlanOutcome": "plan_outcome",
    "Problem": "problem",
    "ProblemDetail": "problem_detail",
    "Server": "server",
    "ServerLimits": "server_limits",
    "Task": "task",
    "TaskBatch": "task_batch",
    "TaskBatchCreate": "task_batch_create",
    "TaskClearField": "task_clear_field",
    "TaskCreate": "task_create",
    "TaskPage": "task_page",
    "TaskPlan": "task_plan",
    "TaskReason": "task_reason",
    "TaskSettings": "task_settings",
    "TaskStatus": "task_status",
    "TaskUpdate": "task_update",
    "WaitUntil": "wait_until",
}

__all__ = [
    "EngineName",
    "ErrorCode",
    "Event",
    "EventPage",
    "Health",
    "HealthStatus",
    "InstanceType",
    "InstanceTypePage",
    "InstanceTypeRequest",
    "LogChunk",
    "LogEnd",
    "LogPage",
    "LogStream",
    "Money",
    "NormalizedInstanceType",
    "PlanCheck",
    "PlanOutcome",
    "Problem",
    "ProblemDetail",
    "Server",
    "ServerLimits",
    "Task",
    "TaskBatch",
    "TaskBatchCreate",
    "TaskClearField",
    "TaskCreate",
    "TaskPage",
    "TaskPlan",
    "TaskReason",
    "TaskSettings",
    "TaskStatus",
    "TaskUpdate",
    "WaitUntil",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
