"""Each error has one exit code and one text, mapped in one place."""

from __future__ import annotations

import pytest

from flowkit import errors
from flowkit.cli.errors import BadInput, Failure, after_submission, report_of, show

EXIT_CODES = {
    errors.FlowError: 1,
    errors.ConfigError: 2,
    errors.GatewayStartError: 5,
    errors.APIConnectionError: 5,
    errors.APITimeout: 5,
    errors.WaitTimeout: 124,
    errors.InvalidResponse: 1,
    errors.InvalidRequest: 2,
    errors.InvalidGPURequest: 2,
    errors.InvalidTaskConfig: 2,
    errors.MalformedRequest: 2,
    errors.NoCapacity: 2,
    errors.UnsupportedByEngine: 2,
    errors.InvalidPath: 2,
    errors.InvalidSweep: 2,
    errors.InvalidMount: 2,
    errors.ChecksumMismatch: 2,
    errors.Unauthenticated: 4,
    errors.PermissionDenied: 4,
    errors.NotFound: 3,
    errors.SweepNotFound: 3,
    errors.ReservationNotFound: 3,
    errors.TaskNotFound: 3,
    errors.VolumeNotFound: 3,
    errors.FileNotFound: 3,
    errors.SnapshotNotFound: 3,
    errors.SecretNotFound: 3,
    errors.MethodNotAllowed: 2,
    errors.Conflict: 1,
    errors.IdempotencyConflict: 1,
    errors.TaskNotTerminal: 1,
    errors.TaskNotPending: 1,
    errors.AlreadyExists: 1,
    errors.VolumeInUse: 1,
    errors.OffsetConflict: 1,
    errors.SnapshotIncomplete: 1,
    errors.FileChanged: 1,
    errors.PayloadTooLarge: 2,
    errors.UnsupportedMediaType: 2,
    errors.RangeNotSatisfiable: 1,
    errors.HostNotAllowed: 4,
    errors.RateLimited: 5,
    errors.ServerError: 1,
    errors.Unavailable: 5,
    errors.StorageFull: 1,
    errors.QuotaExceeded: 1,
}


def descendants(cls: type[errors.FlowError]) -> set[type[errors.FlowError]]:
    children = {child for child in cls.__subclasses__() if child.__module__ == cls.__module__}
    return {cls}.union(*(descendants(child) for child in children))


def test_every_error_has_an_exit_code() -> None:
    assert descendants(errors.FlowError) == EXIT_CODES.keys()


@pytest.mark.parametrize("cls", EXIT_CODES)
def test_exit_code(cls: type[errors.FlowError]) -> None:
    report = report_of(cls("it broke", hint="mend it"))
    assert report == (EXIT_CODES[cls], "it broke", "mend it")


def test_details_are_lines_of_their_own(capfd: pytest.CaptureFixture[str]) -> None:
    details = [errors.ErrorDetail("/body/gpu/0", "unknown model", "try a100")]
    error = errors.InvalidRequest("2 fields are wrong", details=details, hint="see the docs")
    show(report_of(error))
    assert capfd.readouterr().err.splitlines() == [
        "flowkit: error: 2 fields are wrong",
        "  /body/gpu/0: unknown model (try a100)",
        "hint: see the docs",
    ]


def test_a_hostile_message_is_escaped(capfd: pytest.CaptureFixture[str]) -> None:
    show(report_of(errors.NotFound("no\x1b[2J", hint="\x1b]0;x\x07")))
    text = capfd.readouterr().err
    assert "\x1b" not in text
    assert r"no\x1b[2J" in text


def test_a_message_may_be_empty(capfd: pytest.CaptureFixture[str]) -> None:
    show(report_of(BadInput("")))
    assert capfd.readouterr().err == "flowkit: error: \n"


def test_after_submission_no_failure_passes_for_an_exit_code_of_the_task() -> None:
    with pytest.raises(Failure) as caught, after_submission("task_1"):
        raise errors.APIConnectionError("refused")
    assert caught.value.exit_code == 125
    assert caught.value.hint == (
        "the task may go on: `flowkit wait task_1` waits for its exit code"
    )


def test_a_timeout_stays_one_after_submission() -> None:
    with pytest.raises(errors.WaitTimeout), after_submission("task_1"):
        raise errors.WaitTimeout("too long")
