"""What a client is told when the gateway itself is at fault."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import Any

import httpx
import pytest

from flowkit_gateway.app import App
from flowkit_gateway.call import Gateway
from flowkit_gateway.contract import Contract
from flowkit_gateway.principal import KeyRing
from tests.gateway.gateway_process import PROBLEM


class BrokenStore:
    """A store whose every read is a mistake."""

    def get_task(self, project: str, task_id: str) -> None:
        """Fail."""
        raise ZeroDivisionError("secret detail")


async def test_a_mistake_is_told_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(Gateway))
    given = {"store": BrokenStore(), "held": set(), "max_body_bytes": 1000, "stopping": False}
    gateway = Gateway(**(nothing | given))
    app = App(gateway, Contract.load(), KeyRing.single("k" * 16))
    transport = httpx.ASGITransport(app)
    headers = {"Authorization": "Bearer " + "k" * 16, "Flowkit-Correlation-Id": "call-7"}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://localhost", headers=headers
    ) as client:
        with caplog.at_level(logging.ERROR, "flowkit_gateway"):
            response = await client.get("/v1/tasks/task_00000000000000000000000000")
    assert response.status_code == 500
    problem = response.json()
    assert PROBLEM.is_valid(problem)
    assert (problem["code"], problem["correlation_id"]) == ("internal_error", "call-7")
    assert "secret detail" not in response.text
    record = caplog.records[0]
    assert "call-7" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError
