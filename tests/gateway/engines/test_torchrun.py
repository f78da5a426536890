"""Distributed training as people start it: `torchrun`, a process group, one model on all nodes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.gateway.engines.work import Work

ROOT = Path(__file__).resolve().parents[3]
TORCHRUN = Path(sys.executable).with_name("torchrun")
TRAIN = (
    f"{TORCHRUN} --nnodes $FLOWKIT_NUM_NODES --node-rank $FLOWKIT_NODE_RANK --nproc-per-node 1"
    " --master-addr $MASTER_ADDR --master-port $MASTER_PORT"
    f" {ROOT}/examples/train_distributed.py --epochs 5"
)

pytestmark = pytest.mark.skipif(
    not TORCHRUN.exists(), reason="PyTorch is not installed: pip install --group torch"
)


def test_torchrun_trains_one_model_on_two_nodes(work: Work) -> None:
    task_id = work.shell(TRAIN, num_instances=2)
    task = work.end(task_id)

    outputs = [work.output(task_id, node=node) for node in range(2)]
    assert (task["status"], task["exit_code"]) == ("completed", 0), outputs
    losses = [float(loss) for loss in re.findall(r"loss (\d+\.\d+)", outputs[0])]
    assert len(losses) == 5
    assert losses == sorted(losses, reverse=True)
    weights = [re.findall(r"process (\d) of 2 ends with weights (\S+)", each) for each in outputs]
    assert [found[0][0] for found in weights] == ["0", "1"]
    # Without the exchange of gradients each would have fitted its own half of the data.
    assert weights[0][0][1] == weights[1][0][1]
