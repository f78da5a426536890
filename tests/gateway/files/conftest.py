"""Volumes with files."""

from __future__ import annotations

import httpx
import pytest

from tests.gateway.files.file_space import FileSpace, new_volume
from tests.gateway.gateway_process import GatewayProcess


@pytest.fixture
def volume(null_gateway: GatewayProcess, api: httpx.Client) -> FileSpace:
    """An empty volume of a project of its own."""
    return new_volume(api, null_gateway.data_dir)
