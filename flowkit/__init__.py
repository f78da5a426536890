"""flowkit: GPU work on any machine, through one contract.

    from flowkit import Flow

    with Flow() as flow:
        task = flow.run("python train.py", gpu="a100:2")
        for line in task.logs(follow=True):
            print(line)

Names are imported when they are first used, so that `import flowkit` costs next to nothing.
"""

from __future__ import annotations

from flowkit._version import __version__

TYPE_CHECKING = False  # as typing has it, whose import would cost more than all the rest
if TYPE_CHECKING:
    from flowkit_api.models.instance_type import InstanceType as AvailableInstance
    from flowkit_api.models.task_plan import TaskPlan as TaskPlan

    from flowkit._async.client import AsyncClient as AsyncClient
    from flowkit._async.flow import AsyncFlow as AsyncFlow
    from flowkit._async.reservation import AsyncReservation as AsyncReservation
    from flowkit._async.sweep import AsyncSweep as AsyncSweep
    from flowkit._async.task import AsyncTask as AsyncTask
    from flowkit._async.volume import AsyncVolume as AsyncVolume
    from flowkit._sync.client import Client as Client
    from flowkit._sync.flow import Flow as Flow
    from flowkit._sync.reservation import Reservation as Reservation
    from flowkit._sync.sweep import Sweep as Sweep
    from flowkit._sync.task import Task as Task
    from flowkit._sync.volume import Volume as Volume
    from flowkit.errors import AlreadyExists as AlreadyExists
    from flowkit.errors import APIConnectionError as APIConnectionError
    from flowkit.errors import APITimeout as APITimeout
    from flowkit.errors import ChecksumMismatch as ChecksumMismatch
    from flowkit.errors import ConfigError as ConfigError
    from flowkit.errors import Conflict as Conflict
    from flowkit.errors import ErrorDetail as ErrorDetail
    from flowkit.errors import FileChanged as FileChanged
    from flowkit.errors import FileNotFound as FileNotFound
    from flowkit.errors import FlowError as FlowError
    from flowkit.errors import GatewayStartError as GatewayStartError
    from flowkit.errors import HostNotAllowed as HostNotAllowed
    from flowkit.errors import IdempotencyConflict as IdempotencyConflict
    from flowkit.errors import InvalidGPURequest as InvalidGPURequest
    from flowkit.errors import InvalidMount as InvalidMount
    from flowkit.errors import InvalidPath as InvalidPath
    from flowkit.errors import InvalidRequest as InvalidRequest
    from flowkit.errors import InvalidResponse as InvalidResponse
    from flowkit.errors import InvalidSweep as InvalidSweep
    from flowkit.errors import InvalidTaskConfig as InvalidTaskConfig
    from flowkit.errors import MalformedRequest as MalformedRequest
    from flowkit.errors import MethodNotAllowed as MethodNotAllowed
    from flowkit.errors import NoCapacity as NoCapacity
    from flowkit.errors import NotFound as NotFound
    from flowkit.errors import OffsetConflict as OffsetConflict
    from flowkit.errors import PayloadTooLarge as PayloadTooLarge
    from flowkit.errors import PermissionDenied as PermissionDenied
    from flowkit.errors import QuotaExceeded as QuotaExceeded
    from flowkit.errors import RangeNotSatisfiable as RangeNotSatisfiable
    from flowkit.errors import RateLimited as RateLimited
    from flowkit.errors import ReservationNotFound as ReservationNotFound
    from flowkit.errors import SecretNotFound as SecretNotFound
    from flowkit.errors import ServerError as ServerError
    from flowkit.errors import SnapshotIncomplete as SnapshotIncomplete
    from flowkit.errors import SnapshotNotFound as SnapshotNotFound
    from flowkit.errors import StorageFull as StorageFull
    from flowkit.errors import SweepNotFound as SweepNotFound
    from flowkit.errors import TaskNotFound as TaskNotFound
    from flowkit.errors import TaskNotPending as TaskNotPending
    from flowkit.errors import TaskNotTerminal as TaskNotTerminal
    from flowkit.errors import Unauthenticated as Unauthenticated
    from flowkit.errors import Unavailable as Unavailable
    from flowkit.errors import UnsupportedByEngine as UnsupportedByEngine
    from flowkit.errors import UnsupportedMediaType as UnsupportedMediaType
    from flowkit.errors import VolumeInUse as VolumeInUse
    from flowkit.errors import VolumeNotFound as VolumeNotFound
    from flowkit.errors import WaitTimeout as WaitTimeout
    from flowkit.gpus import GPURequest as GPURequest
    from flowkit.mount_specs import MountSpec as MountSpec
    from flowkit.mount_specs import VolumeSpec as VolumeSpec
    from flowkit.requirements import InstanceRequirements as InstanceRequirements
    from flowkit.status import TaskReason as TaskReason
    from flowkit.status import TaskStatus as TaskStatus
    from flowkit.task_config import TaskConfig as TaskConfig

_SOURCES = {
    "APIConnectionError": "flowkit.errors",
    "APITimeout": "flowkit.errors",
    "AlreadyExists": "flowkit.errors",
    "AsyncClient": "flowkit._async.client",
    "AsyncFlow": "flowkit._async.flow",
    "AsyncReservation": "flowkit._async.reservation",
    "AsyncSweep": "flowkit._async.sweep",
    "AsyncTask": "flowkit._async.task",
    "AsyncVolume": "flowkit._async.volume",
    "AvailableInstance": "flowkit_api.models.instance_type",
    "ChecksumMismatch": "flowkit.errors",
    "Client": "flowkit._sync.client",
    "ConfigError": "flowkit.errors",
    "Conflict": "flowkit.errors",
    "ErrorDetail": "flowkit.errors",
    "FileChanged": "flowkit.errors",
    "FileNotFound": "flowkit.errors",
    "Flow": "flowkit._sync.flow",
    "FlowError": "flowkit.errors",
    "GPURequest": "flowkit.gpus",
    "GatewayStartError": "flowkit.errors",
    "HostNotAllowed": "flowkit.errors",
    "IdempotencyConflict": "flowkit.errors",
    "InstanceRequirements": "flowkit.requirements",
    "InvalidGPURequest": "flowkit.errors",
    "InvalidMount": "flowkit.errors",
    "InvalidPath": "flowkit.errors",
    "InvalidRequest": "flowkit.errors",
    "InvalidResponse": "flowkit.errors",
    "InvalidSweep": "flowkit.errors",
    "InvalidTaskConfig": "flowkit.errors",
    "MalformedRequest": "flowkit.errors",
    "MethodNotAllowed": "flowkit.errors",
    "MountSpec": "flowkit.mount_specs",
    "NoCapacity": "flowkit.errors",
    "NotFound": "flowkit.errors",
    "OffsetConflict": "flowkit.errors",
    "PayloadTooLarge": "flowkit.errors",
    "PermissionDenied": "flowkit.errors",
    "QuotaExceeded": "flowkit.errors",
    "RangeNotSatisfiable": "flowkit.errors",
    "RateLimited": "flowkit.errors",
    "Reservation": "flowkit._sync.reservation",
    "ReservationNotFound": "flowkit.errors",
    "SecretNotFound": "flowkit.errors",
    "ServerError": "flowkit.errors",
    "SnapshotIncomplete": "flowkit.errors",
    "SnapshotNotFound": "flowkit.errors",
    "StorageFull": "flowkit.errors",
    "Sweep": "flowkit._sync.sweep",
    "SweepNotFound": "flowkit.errors",
    "Task": "flowkit._sync.task",
    "TaskConfig": "flowkit.task_config",
    "TaskNotFound": "flowkit.errors",
    "TaskNotPending": "flowkit.errors",
    "TaskNotTerminal": "flowkit.errors",
    "TaskPlan": "flowkit_api.models.task_plan",
    "TaskReason": "flowkit.status",
    "TaskStatus": "flowkit.status",
    "Unauthenticated": "flowkit.errors",
    "Unavailable": "flowkit.errors",
    "UnsupportedByEngine": "flowkit.errors",
    "UnsupportedMediaType": "flowkit.errors",
    "Volume": "flowkit._sync.volume",
    "VolumeInUse": "flowkit.errors",
    "VolumeNotFound": "flowkit.errors",
    "VolumeSpec": "flowkit.mount_specs",
    "WaitTimeout": "flowkit.errors",
}
_OTHER_NAMES = {"AvailableInstance": "InstanceType"}

__all__ = [
    "APIConnectionError",
    "APITimeout",
    "AlreadyExists",
    "AsyncClient",
    "AsyncFlow",
    "AsyncReservation",
    "AsyncSweep",
    "AsyncTask",
    "AsyncVolume",
    "AvailableInstance",
    "ChecksumMismatch",
    "Client",
    "ConfigError",
    "Conflict",
    "ErrorDetail",
    "FileChanged",
    "FileNotFound",
    "Flow",
    "FlowError",
    "GPURequest",
    "GatewayStartError",
    "HostNotAllowed",
    "IdempotencyConflict",
    "InstanceRequirements",
    "InvalidGPURequest",
    "InvalidMount",
    "InvalidPath",
    "InvalidRequest",
    "InvalidResponse",
    "InvalidSweep",
    "InvalidTaskConfig",
    "MalformedRequest",
    "MethodNotAllowed",
    "MountSpec",
    "NoCapacity",
    "NotFound",
    "OffsetConflict",
    "PayloadTooLarge",
    "PermissionDenied",
    "QuotaExceeded",
    "RangeNotSatisfiable",
    "RateLimited",
    "Reservation",
    "ReservationNotFound",
    "SecretNotFound",
    "ServerError",
    "SnapshotIncomplete",
    "SnapshotNotFound",
    "StorageFull",
    "Sweep",
    "SweepNotFound",
    "Task",
    "TaskConfig",
    "TaskNotFound",
    "TaskNotPending",
    "TaskNotTerminal",
    "TaskPlan",
    "TaskReason",
    "TaskStatus",
    "Unauthenticated",
    "Unavailable",
    "UnsupportedByEngine",
    "UnsupportedMediaType",
    "Volume",
    "VolumeInUse",
    "VolumeNotFound",
    "VolumeSpec",
    "WaitTimeout",
    "__version__",
]


if not TYPE_CHECKING:  # or a mistyped name would pass as an object

    def __getattr__(name: str) -> object:
        if name not in _SOURCES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value: object = getattr(import_module(_SOURCES[name]), _OTHER_NAMES.get(name, name))
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
