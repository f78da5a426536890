from __future__ import annotations

from ..types import OpenEnum


class FileArea(OpenEnum):
    """`FileArea` of the contract."""

    WORKSPACE = "workspace"
    OUTPUTS = "outputs"
