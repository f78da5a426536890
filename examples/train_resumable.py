"""Train a linear model by gradient descent, with checkpoints that a later run goes on from.

    python examples/train_resumable.py --data DIR --epochs 100 [--resume DIR]

It reads `points.csv` of the data directory, writes a checkpoint every epoch, and ends with its
loss in `metrics.json`. `examples/resume_training.py` runs it as tasks.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import time
from pathlib import Path

CHECKPOINTS = Path("checkpoints")
LEARNING_RATE = 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--resume", type=Path, help="checkpoints of an earlier run")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds of rest after an epoch")
    arguments = parser.parse_args()

    points = read_points(arguments.data / "points.csv")
    epoch, slope, offset = latest(arguments.resume)
    print(f"starting at epoch {epoch}", flush=True)
    CHECKPOINTS.mkdir(exist_ok=True)
    while epoch < arguments.epochs:
        slope, offset = step(points, slope, offset)
        epoch += 1
        save(epoch, slope, offset)
        print(f"epoch {epoch} loss {loss(points, slope, offset):.6f}", flush=True)
        time.sleep(arguments.pause)
    metrics = {"epochs": epoch, "loss": loss(points, slope, offset), "slope": slope}
    Path("metrics.json").write_text(json.dumps(metrics))


def read_points(path: Path) -> list[tuple[float, float]]:
    with path.open(newline="") as file:
        return [(float(x), float(y)) for x, y in csv.reader(file)]


def latest(directory: Path | None) -> tuple[int, float, float]:
    """Return the newest checkpoint, or where a first run begins."""
    found = sorted(directory.glob("epoch-*.json")) if directory else []
    if not found:
        return 0, 0.0, 0.0
    state = json.loads(found[-1].read_text())
    return state["epoch"], state["slope"], state["offset"]


def save(epoch: int, slope: float, offset: float) -> None:
    """Write a checkpoint that is whole or not there, whenever this process ends."""
    path = CHECKPOINTS / f"epoch-{epoch:04d}.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"epoch": epoch, "slope": slope, "offset": offset}))
    os.replace(partial, path)


def step(points: list[tuple[float, float]], slope: float, offset: float) -> tuple[float, float]:
    errors = [(slope * x + offset - y, x) for x, y in points]
    slope -= LEARNING_RATE * 2 * sum(error * x for error, x in errors) / len(points)
    offset -= LEARNING_RATE * 2 * sum(error for error, _ in errors) / len(points)
    return slope, offset


def loss(points: list[tuple[float, float]], slope: float, offset: float) -> float:
    return sum((slope * x + offset - y) ** 2 for x, y in points) / len(points)


if __name__ == "__main__":
    main()
