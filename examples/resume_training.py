"""Train twice from one volume, cancel one run, and go on from the checkpoints that it left.

python examples/resume_training.py
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path

from flowkit import Flow, Task, TaskConfig

TRAIN = [sys.executable, "train_resumable.py", "--data", "/data"]
DATA = {"/data": "volume://points"}
TASK = TaskConfig(
    code=Path(__file__).parent,
    mounts=DATA,
    outputs=["checkpoints", "metrics.json"],
    max_run_time="10m",
)


def main() -> None:
    with Flow() as flow, tempfile.TemporaryDirectory() as directory:
        volume = flow.create_volume(1, name="points", interface="file")
        flow.storage.upload(write_points(Path(directory)), "points:points.csv")

        long = flow.run(TASK, command=[*TRAIN, "--epochs", "100000", "--pause", "0.05"])
        short = flow.run(TASK, command=[*TRAIN, "--epochs", "30"])
        wait_for_epoch(long, 10)
        long.cancel()
        print("long", long.wait().status, "short", short.wait().status)

        resumed = flow.run(
            TASK,
            command=[*TRAIN, "--epochs", "100", "--resume", "/earlier"],
            mounts=DATA | {"/earlier": f"task://{long.id}/checkpoints"},
        )
        print("resumed", next(resumed.logs(follow=True)))
        print("resumed", resumed.wait().status)

        flow.outputs.download(resumed, "metrics.json", into=directory)
        metrics = json.loads((Path(directory) / "metrics.json").read_text())
        print(f"slope {metrics['slope']:.2f} after {metrics['epochs']} epochs")
        volume.delete()


def wait_for_epoch(task: Task, epoch: int) -> None:
    for line in task.logs(follow=True):
        if line.startswith(f"epoch {epoch} "):
            return


def write_points(directory: Path) -> Path:
    """Write points around the line y = 3x + 1."""
    path = directory / "points.csv"
    noise = random.Random(0)
    xs = [index / 100 for index in range(200)]
    path.write_text("".join(f"{x},{3 * x + 1 + noise.gauss(0, 0.1)}\n" for x in xs))
    return path


if __name__ == "__main__":
    main()
