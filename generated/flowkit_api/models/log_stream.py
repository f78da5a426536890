from __future__ import annotations

from ..types import OpenEnum


class LogStream(OpenEnum):
    """`LogStream` of the contract."""

    STDOUT = "stdout"
    STDERR = "stderr"
