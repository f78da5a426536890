"""Thousands of generated calls, valid and invalid, alone and in sequence, against a real gateway.

Schemathesis makes them from the contract, and holds every answer to it: no 5xx, nothing that is
not documented, nothing that breaks its schema, no refused valid call and no accepted invalid one.
The streams of server-sent events, which have no end, have tests of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns.form import seed, sized
from tests.gateway.conftest import StartGateway

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]
_SCHEMATHESIS = Path(sys.executable).with_name("st")

EXAMPLES = sized(short=5, full=700)
"""Most generated calls of each operation, and most sequences of calls."""
LEAST_CASES = sized(short=150, full=10_000)
PHASES = sized(short="fuzzing,stateful", full="examples,coverage,fuzzing,stateful")
LEFT_OUT = sized(short=["plan_task", "create_tasks", "create_sweep"], full=[])
"""Take `TaskCreate` as `create_task` does; it takes 10 s to learn how to generate one."""


@pytest.mark.timeout(sized(short=300, full=5400))
def test_every_generated_call_is_answered_by_the_contract(
    start_gateway: StartGateway, tmp_path: Path
) -> None:
    gateway = start_gateway()
    ended = subprocess.run(
        [
            _SCHEMATHESIS,
            *("--config-file", _HERE / "schemathesis.toml"),
            "run",
            _ROOT / "openapi.yaml",
            *("--url", gateway.url),
            *("--exclude-path-regex", ":follow$"),
            *[f"--exclude-operation-id={operation}" for operation in LEFT_OUT],
            *("--checks", "all"),
            # In its place: `invalid_calls_are_refused` of the hooks.
            *("--exclude-checks", "negative_data_rejection"),
            *("--phases", PHASES),
            *("--max-examples", str(EXAMPLES)),
            *("--seed", str(seed())),
            "--no-color",
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "FLOWKIT_CAMPAIGN_HOOKS": "tests.campaigns.contract.schemathesis_hooks",
            "FLOWKIT_CAMPAIGN_KEY": gateway.token,
            "FLOWKIT_CAMPAIGN_PROJECT": "fuzz",
            "PYTHONPATH": str(_ROOT),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-2_000:]
    assert "Traceback" not in gateway.log
    cases = re.search(r"([0-9]+) generated", ended.stdout)
    assert cases is not None
    assert int(cases[1]) >= LEAST_CASES, ended.stdout
