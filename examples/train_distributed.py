"""Train a small model on several machines with PyTorch, and print its loss once.

Each process has its own part of the data; gradients are averaged over all of them after every step
(DistributedDataParallel, gloo), so that all have the same weights. It runs on CPUs.

    flowkit run --num-instances 2 'torchrun --nnodes $FLOWKIT_NUM_NODES \
        --node-rank $FLOWKIT_NODE_RANK --nproc-per-node 1 \
        --master-addr $MASTER_ADDR --master-port $MASTER_PORT examples/train_distributed.py'
"""

from __future__ import annotations

import argparse

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

POINTS = 512
FEATURES = 8
LEARNING_RATE = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    # Where and who this process is, torchrun says in its environment.
    distributed.init_process_group("gloo")
    try:
        train(arguments.epochs)
    finally:
        distributed.destroy_process_group()


def train(epochs: int) -> None:
    """Train for `epochs` epochs; the first process prints a line for each."""
    rank, world = distributed.get_rank(), distributed.get_world_size()
    torch.manual_seed(0)
    inputs = torch.randn(POINTS, FEATURES)
    targets = inputs @ torch.linspace(-1.0, 1.0, FEATURES)
    own = slice(rank, None, world)
    model = DistributedDataParallel(nn.Linear(FEATURES, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for epoch in range(1, epochs + 1):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(inputs[own]).squeeze(1), targets[own])
        loss.backward()
        optimizer.step()
        shared = loss.detach()
        distributed.all_reduce(shared)
        if rank == 0:
            print(f"epoch {epoch:2}/{epochs}  loss {shared.item() / world:.4f}", flush=True)
    weights = torch.cat([each.detach().flatten() for each in model.parameters()])
    print(f"process {rank} of {world} ends with weights {weights.sum().item():.6f}", flush=True)


if __name__ == "__main__":
    main()
