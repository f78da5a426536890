"""How a gateway is run, and why it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

BAD_INPUT = 2
"""Exit code where an option or the key file is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a gateway is run."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    """0 for any free port."""
    engine: str = "local"
    slurm: tuple[str, ...] = ()
    """Options of the slurm engine, `NAME=VALUE` each."""
    embedded: bool = False
    api_key_file: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    idle_timeout: float = 0.0
    """Seconds without a call or a task after which the gateway stops; 0 for never."""
    max_output_bytes: int = 1024 * 1024 * 1024
    database: str | None = None
    """URL of a PostgreSQL database that gateways share; unless given, a file of this one's own."""
    lease: float = 10.0
    """Seconds for which the tasks of a gateway of that database wait for it when it is gone."""
    garbage_ages: Mapping[str, float] = field(default_factory=dict)
    """Seconds without use after which a kind of garbage goes, for those not as usual."""
    null_duration: float = 0.01
    check_answers: bool = False


class StartError(Exception):
    """The gateway cannot start; its text says why in one line.

    Attributes:
        hint: What to do about it.
        exit_code: 2 when an option or the key file is wrong, else 1.
    """

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code
