"""The objects and enums of the contract, each imported when it is first named."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .dependency import Dependency as Dependency
    from .dependency_condition import DependencyCondition as DependencyCondition
    from .directory_request import DirectoryRequest as DirectoryRequest
    from .engine_name import EngineName as EngineName
    from .error_code import ErrorCode as ErrorCode
    from .event import Event as Event
    from .event_page import EventPage as EventPage
    from .file import File as File
    from .file_area import FileArea as FileArea
    from .file_page import FilePage as FilePage
    from .file_type import FileType as FileType
    from .garbage_collection import GarbageCollection as GarbageCollection
    from .garbage_item import GarbageItem as GarbageItem
    from .garbage_kind import GarbageKind as GarbageKind
    from .garbage_report import GarbageReport as GarbageReport
    from .git_source import GitSource as GitSource
    from .grant import Grant as Grant
    from .grant_create import GrantCreate as GrantCreate
    from .grant_direction import GrantDirection as GrantDirection
    from .grant_page import GrantPage as GrantPage
    from .grant_status import GrantStatus as GrantStatus
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
    from .mount import Mount as Mount
    from .mount_request import MountRequest as MountRequest
    from .move_request import MoveRequest as MoveRequest
    from .normalized_instance_type import NormalizedInstanceType as NormalizedInstanceType
    from .plan_check import PlanCheck as PlanCheck
    from .plan_outcome import PlanOutcome as PlanOutcome
    from .problem import Problem as Problem
    from .problem_detail import ProblemDetail as ProblemDetail
    from .profile_file import ProfileFile as ProfileFile
    from .profile_file_create import ProfileFileCreate as ProfileFileCreate
    from .profile_file_page import ProfileFilePage as ProfileFilePage
    from .profile_file_update import ProfileFileUpdate as ProfileFileUpdate
    from .reservation import Reservation as Reservation
    from .reservation_availability import ReservationAvailability as ReservationAvailability
    from .reservation_create import ReservationCreate as ReservationCreate
    from .reservation_page import ReservationPage as ReservationPage
    from .reservation_slot import ReservationSlot as ReservationSlot
    from .reservation_status import ReservationStatus as ReservationStatus
    from .reservation_update import ReservationUpdate as ReservationUpdate
    from .retry_cause import RetryCause as RetryCause
    from .retry_policy import RetryPolicy as RetryPolicy
    from .secret import Secret as Secret
    from .secret_create import SecretCreate as SecretCreate
    from .secret_page import SecretPage as SecretPage
    from .secret_update import SecretUpdate as SecretUpdate
    from .server import Server as Server
    from .server_limits import ServerLimits as ServerLimits
    from .snapshot import Snapshot as Snapshot
    from .snapshot_application import SnapshotApplication as SnapshotApplication
    from .snapshot_applied import SnapshotApplied as SnapshotApplied
    from .snapshot_create import SnapshotCreate as SnapshotCreate
    from .snapshot_entry import SnapshotEntry as SnapshotEntry
    from .snapshot_entry_type import SnapshotEntryType as SnapshotEntryType
    from .snapshot_page import SnapshotPage as SnapshotPage
    from .sweep import Sweep as Sweep
    from .sweep_case import SweepCase as SweepCase
    from .sweep_case_page import SweepCasePage as SweepCasePage
    from .sweep_case_status import SweepCaseStatus as SweepCaseStatus
    from .sweep_combination import SweepCombination as SweepCombination
    from .sweep_create import SweepCreate as SweepCreate
    from .sweep_failure_policy import SweepFailurePolicy as SweepFailurePolicy
    from .sweep_page import SweepPage as SweepPage
    from .sweep_parameter import SweepParameter as SweepParameter
    from .sweep_progress import SweepProgress as SweepProgress
    from .sweep_status import SweepStatus as SweepStatus
    from .task import Task as Task
    from .task_attempt import TaskAttempt as TaskAttempt
    from .task_attempt_page import TaskAttemptPage as TaskAttemptPage
    from .task_batch import TaskBatch as TaskBatch
    from .task_batch_create import TaskBatchCreate as TaskBatchCreate
    from .task_clear_field import TaskClearField as TaskClearField
    from .task_create import TaskCreate as TaskCreate
    from .task_page import TaskPage as TaskPage
    from .task_plan import TaskPlan as TaskPlan
    from .task_reason import TaskReason as TaskReason
    from .task_secret import TaskSecret as TaskSecret
    from .task_settings import TaskSettings as TaskSettings
    from .task_status import TaskStatus as TaskStatus
    from .task_update import TaskUpdate as TaskUpdate
    from .upload import Upload as Upload
    from .upload_completion import UploadCompletion as UploadCompletion
    from .upload_create import UploadCreate as UploadCreate
    from .volume import Volume as Volume
    from .volume_clear_field import VolumeClearField as VolumeClearField
    from .volume_clone import VolumeClone as VolumeClone
    from .volume_create import VolumeCreate as VolumeCreate
    from .volume_interface import VolumeInterface as VolumeInterface
    from .volume_page import VolumePage as VolumePage
    from .volume_permission import VolumePermission as VolumePermission
    from .volume_update import VolumeUpdate as VolumeUpdate
    from .volume_usage import VolumeUsage as VolumeUsage
    from .wait_until import WaitUntil as WaitUntil

_MODULES = {
    "Dependency": "dependency",
    "DependencyCondition": "dependency_condition",
    "DirectoryRequest": "directory_request",
    "EngineName": "engine_name",
    "ErrorCode": "error_code",
    "Event": "event",
    "EventPage": "event_page",
    "File": "file",
    "FileArea": "file_area",
    "FilePage": "file_page",
    "FileType": "file_type",
    "GarbageCollection": "garbage_collection",
    "GarbageItem": "garbage_item",
    "GarbageKind": "garbage_kind",
    "GarbageReport": "garbage_report",
    "GitSource": "git_source",
    "Grant": "grant",
    "GrantCreate": "grant_create",
    "GrantDirection": "grant_direction",
    "GrantPage": "grant_page",
    "GrantStatus": "grant_status",
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
    "Mount": "mount",
    "MountRequest": "mount_request",
    "MoveRequest": "move_request",
    "NormalizedInstanceType": "normalized_instance_type",
    "PlanCheck": "plan_check",
    "PlanOutcome": "plan_outcome",
    "Problem": "problem",
    "ProblemDetail": "problem_detail",
    "ProfileFile": "profile_file",
    "ProfileFileCreate": "profile_file_create",
    "ProfileFilePage": "profile_file_page",
    "ProfileFileUpdate": "profile_file_update",
    "Reservation": "reservation",
    "ReservationAvailability": "reservation_availability",
    "ReservationCreate": "reservation_create",
    "ReservationPage": "reservation_page",
    "ReservationSlot": "reservation_slot",
    "ReservationStatus": "reservation_status",
    "ReservationUpdate": "reservation_update",
    "RetryCause": "retry_cause",
    "RetryPolicy": "retry_policy",
    "Secret": "secret",
    "SecretCreate": "secret_create",
    "SecretPage": "secret_page",
    "SecretUpdate": "secret_update",
    "Server": "server",
    "ServerLimits": "server_limits",
    "Snapshot": "snapshot",
    "SnapshotApplication": "snapshot_application",
    "SnapshotApplied": "snapshot_applied",
    "SnapshotCreate": "snapshot_create",
    "SnapshotEntry": "snapshot_entry",
    "SnapshotEntryType": "snapshot_entry_type",
    "SnapshotPage": "snapshot_page",
    "Sweep": "sweep",
    "SweepCase": "sweep_case",
    "SweepCasePage": "sweep_case_page",
    "SweepCaseStatus": "sweep_case_status",
    "SweepCombination": "sweep_combination",
    "SweepCreate": "sweep_create",
    "SweepFailurePolicy": "sweep_failure_policy",
    "SweepPage": "sweep_page",
    "SweepParameter": "sweep_parameter",
    "SweepProgress": "sweep_progress",
    "SweepStatus": "sweep_status",
    "Task": "task",
    "TaskAttempt": "task_attempt",
    "TaskAttemptPage": "task_attempt_page",
    "TaskBatch": "task_batch",
    "TaskBatchCreate": "task_batch_create",
    "TaskClearField": "task_clear_field",
    "TaskCreate": "task_create",
    "TaskPage": "task_page",
    "TaskPlan": "task_plan",
    "TaskReason": "task_reason",
    "TaskSecret": "task_secret",
    "TaskSettings": "task_settings",
    "TaskStatus": "task_status",
    "TaskUpdate": "task_update",
    "Upload": "upload",
    "UploadCompletion": "upload_completion",
    "UploadCreate": "upload_create",
    "Volume": "volume",
    "VolumeClearField": "volume_clear_field",
    "VolumeClone": "volume_clone",
    "VolumeCreate": "volume_create",
    "VolumeInterface": "volume_interface",
    "VolumePage": "volume_page",
    "VolumePermission": "volume_permission",
    "VolumeUpdate": "volume_update",
    "VolumeUsage": "volume_usage",
    "WaitUntil": "wait_until",
}

__all__ = [
    "Dependency",
    "DependencyCondition",
    "DirectoryRequest",
    "EngineName",
    "ErrorCode",
    "Event",
    "EventPage",
    "File",
    "FileArea",
    "FilePage",
    "FileType",
    "GarbageCollection",
    "GarbageItem",
    "GarbageKind",
    "GarbageReport",
    "GitSource",
    "Grant",
    "GrantCreate",
    "GrantDirection",
    "GrantPage",
    "GrantStatus",
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
    "Mount",
    "MountRequest",
    "MoveRequest",
    "NormalizedInstanceType",
    "PlanCheck",
    "PlanOutcome",
    "Problem",
    "ProblemDetail",
    "ProfileFile",
    "ProfileFileCreate",
    "ProfileFilePage",
    "ProfileFileUpdate",
    "Reservation",
    "ReservationAvailability",
    "ReservationCreate",
    "ReservationPage",
    "ReservationSlot",
    "ReservationStatus",
    "ReservationUpdate",
    "RetryCause",
    "RetryPolicy",
    "Secret",
    "SecretCreate",
    "SecretPage",
    "SecretUpdate",
    "Server",
    "ServerLimits",
    "Snapshot",
    "SnapshotApplication",
    "SnapshotApplied",
    "SnapshotCreate",
    "SnapshotEntry",
    "SnapshotEntryType",
    "SnapshotPage",
    "Sweep",
    "SweepCase",
    "SweepCasePage",
    "SweepCaseStatus",
    "SweepCombination",
    "SweepCreate",
    "SweepFailurePolicy",
    "SweepPage",
    "SweepParameter",
    "SweepProgress",
    "SweepStatus",
    "Task",
    "TaskAttempt",
    "TaskAttemptPage",
    "TaskBatch",
    "TaskBatchCreate",
    "TaskClearField",
    "TaskCreate",
    "TaskPage",
    "TaskPlan",
    "TaskReason",
    "TaskSecret",
    "TaskSettings",
    "TaskStatus",
    "TaskUpdate",
    "Upload",
    "UploadCompletion",
    "UploadCreate",
    "Volume",
    "VolumeClearField",
    "VolumeClone",
    "VolumeCreate",
    "VolumeInterface",
    "VolumePage",
    "VolumePermission",
    "VolumeUpdate",
    "VolumeUsage",
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
