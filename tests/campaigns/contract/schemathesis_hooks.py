"""Checks that schemathesis makes of every answer, beyond its own."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from flowkit_gateway.contract import Contract

BEYOND_THE_SCHEMA = frozenset(
    {"invalid_gpu_request", "invalid_sweep", "no_capacity", "invalid_path", "invalid_mount"}
)
"""What a JSON schema cannot say: the GPU grammar, what there is to run on, how values combine,
and what names files may have."""

PLACES_BEYOND_THE_SCHEMA = frozenset(
    {
        "/query/page_token",  # a token of another list
        "/query/since",  # a leap second
        "/body/working_dir",  # not a directory of this machine
        "/body/git",  # beside a snapshot
        "/body/git/repository",  # a protocol that the gateway does not speak
        "/body/start_at",  # a time that is past, here and in the next three
        "/body/end_at",
        "/query/earliest_start_at",
        "/query/latest_end_at",
        "/body/entries",  # what each type of entry has
        "/body/clear",  # a field that is set and cleared at once
    }
)
_OPERATIONS = Contract.load().operations


@schemathesis.check
def valid_calls_are_accepted(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Fail when a call that the schema allows is refused for what the schema could have said."""
    if response.status_code != 422 or _mode(case) is not GenerationMode.POSITIVE:
        return None
    problem = response.json()
    if problem["code"] in BEYOND_THE_SCHEMA:
        return None
    places = [_place(detail["loc"]) for detail in problem.get("details", ())]
    unexplained = [place for place in places if place not in PLACES_BEYOND_THE_SCHEMA]
    assert places, f"refused without saying where: {problem}"
    assert not unexplained, f"the schema allows what is refused: {unexplained} in {problem}"
    return None


@schemathesis.check
def invalid_calls_are_refused(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> bool | None:
    """Fail when a call that the schema forbids is accepted, where it is more than a null.

    Absent and null mean the same by the contract's conventions, which no schema says.
    """
    operation = _OPERATIONS[case.operation.definition.raw["operationId"]]
    if (
        response.status_code < 300
        and operation.has_body
        and _holds_null(case.body)
        and not operation.body.check(_without_null(case.body))
    ):
        return None
    return negative_data_rejection(ctx, response, case)


@schemathesis.check
def every_answer_is_named(ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:
    """Fail unless an answer has its correlation id, and a problem repeats it and its status."""
    headers = response.headers
    assert headers["flowkit-correlation-id"], "no correlation id"
    assert headers["cache-control"] == ["no-store"], "an answer that may be cached"
    if response.status_code >= 400 and response.request.method != "HEAD":
        problem = response.json()
        assert problem["status"] == response.status_code
        assert [problem["correlation_id"]] == headers["flowkit-correlation-id"]
    return None


def _mode(case: Case[Any]) -> GenerationMode | None:
    return case.meta.generation.mode if case.meta else None


def _place(loc: str) -> str:
    """Return a pointer as of one task: `/body/tasks/0/gpu` is `/body/gpu`, as is a sweep's."""
    parts = [
        part for part in loc.split("/")[1:] if not part.isdigit() and part not in ("task", "tasks")
    ]
    return "/" + "/".join(parts)


def _holds_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(item is None or _holds_null(item) for item in value.values())
    return isinstance(value, list) and any(map(_holds_null, value))


def _without_null(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_null(item) for name, item in value.items() if item is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
