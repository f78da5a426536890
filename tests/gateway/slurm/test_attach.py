"""An attempt that an earlier gateway had not submitted yet is never run behind its back."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowkit_gateway.engines.engine import Observation, State
from flowkit_gateway.engines.local.claim import Claim, take
from flowkit_gateway.engines.slurm.engine import SlurmEngine
from flowkit_gateway.engines.slurm.options import Options

TASK_ID = "task_" + "0" * 26


class UnopenedEngine(SlurmEngine):
    """An engine that asks no cluster, and keeps what it would report."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir, Options(), ())
        self.seen: list[Observation] = []

    def _tell(self, observation: Observation) -> None:
        self.seen.append(observation)


@pytest.mark.parametrize("prepared", [True, False])
async def test_an_attempt_that_was_never_submitted_is_not_run_by_a_job_that_comes_late(
    tmp_path: Path, prepared: bool
) -> None:
    run_dir = tmp_path / "tasks" / TASK_ID / "1"
    if prepared:
        (run_dir / "workspace").mkdir(parents=True)
    engine = UnopenedEngine(tmp_path)

    await engine.attach(TASK_ID, 1, run_dir)
    await engine.attach(TASK_ID, 1, run_dir)

    assert [each.state for each in engine.seen] == [State.NEVER_STARTED] * 2
    assert not take(str(run_dir), Claim(pid=7, start_time=1, boot_id="b"))
