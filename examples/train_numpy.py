"""Train a small neural network with numpy and print its loss, line by line.

Two interleaved spirals are told apart by a network with one hidden layer, by plain gradient
descent: real training, small enough for any CPU. It takes about three seconds.

    flowkit run --gpu a100:2 -- python examples/train_numpy.py --epochs 20
"""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

HIDDEN = 32
STEPS_PER_EPOCH = 150
LEARNING_RATE = 0.05
MOMENTUM = 0.9
SCALE = 4.0  # of the inputs: sharper features from the start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--points", type=int, default=500, help="points of each spiral")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    print(f"task    {os.environ.get('FLOWKIT_TASK_ID', 'none: started by hand')}", flush=True)
    print(f"devices {devices()}", flush=True)
    train(arguments.epochs, arguments.points, np.random.default_rng(arguments.seed))


def devices() -> str:
    """Say what this process was given to compute on."""
    simulated = os.environ.get("FLOWKIT_SIMULATED_GPUS")
    if simulated:
        return f"{simulated} simulated GPUs (the work runs on the CPU)"
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return f"CUDA {visible}" if visible else "CPU"


def train(epochs: int, points: int, rng: np.random.Generator) -> None:
    """Train for `epochs` epochs and print one line for each."""
    inputs, labels = spirals(points, rng)
    shapes = [(2, HIDDEN), (1, HIDDEN), (HIDDEN, 1), (1, 1)]
    weights = [rng.normal(0.0, 1.0 / np.sqrt(shape[0]), shape) for shape in shapes]
    velocity = [np.zeros(shape) for shape in shapes]
    for epoch in range(1, epochs + 1):
        started = time.perf_counter()
        for _ in range(STEPS_PER_EPOCH):
            loss, accuracy, gradients = step(weights, inputs, labels)
            for weight, moment, gradient in zip(weights, velocity, gradients, strict=True):
                moment *= MOMENTUM
                moment -= LEARNING_RATE * gradient
                weight += moment
        seconds = time.perf_counter() - started
        print(
            f"epoch {epoch:2d}/{epochs}  loss {loss:.4f}  accuracy {accuracy:.3f}  {seconds:.2f} s",
            flush=True,
        )


def spirals(points: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Make two interleaved spirals: coordinates, and 0 or 1 for the spiral of each."""
    turn = np.sqrt(rng.random(points)) * 3.0 * np.pi
    arm = np.column_stack([turn * np.cos(turn), turn * np.sin(turn)]) / 10.0
    noise = rng.normal(0.0, 0.03, (2 * points, 2))
    inputs = np.vstack([arm, -arm]) + noise
    labels = np.repeat([[0.0], [1.0]], points, axis=0)
    return inputs, labels


def step(weights: list[Array], inputs: Array, labels: Array) -> tuple[float, float, list[Array]]:
    """Compute the loss, the accuracy and the gradient of each weight."""
    into_hidden, hidden_bias, out_of_hidden, out_bias = weights
    hidden = np.tanh(inputs @ into_hidden * SCALE + hidden_bias)
    logits = hidden @ out_of_hidden + out_bias
    probability = 1.0 / (1.0 + np.exp(-logits))
    loss = float(np.mean(np.logaddexp(0.0, logits) - labels * logits))
    accuracy = float(np.mean((probability > 0.5) == (labels > 0.5)))

    error = (probability - labels) / len(inputs)
    error_hidden = (error @ out_of_hidden.T) * (1.0 - hidden**2)
    gradients = [
        inputs.T @ error_hidden * SCALE,
        error_hidden.sum(axis=0, keepdims=True),
        hidden.T @ error,
        error.sum(axis=0, keepdims=True),
    ]
    return loss, accuracy, gradients


if __name__ == "__main__":
    main()
