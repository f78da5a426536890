"""What a machine offers, and what a task is shown of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flowkit.gpu_models import MODELS
from flowkit_gateway.engines.engine import Device, Launch
from flowkit_gateway.engines.local import devices
from flowkit_gateway.engines.local.environment import node_environments, task_environment

REAL = Device(0, "GPU-1", "a100", 80, "nvidia", simulated=False)
OTHER = Device(3, "GPU-4", "a100", 80, "nvidia", simulated=False)
SIMULATED = Device(5, "simulated-5", "h100", 80, "nvidia", simulated=True)

no_real_gpu = pytest.mark.skipif(
    os.path.exists("/dev/nvidiactl"), reason="this machine has NVIDIA GPUs"
)


def launch(*held: Device, **env: str) -> Launch:
    return Launch("task_1", 2, Path("/run"), ["true"], env, None, 1, None, held, None, 1.0, 1 << 20)


def environment(attempt: Launch, *, real_devices: bool, rank: int = 0) -> dict[str, str]:
    """Return the whole environment of one node."""
    own = node_environments(attempt, real_devices=real_devices)[rank]
    return {**task_environment(attempt), **own}


@no_real_gpu
def test_a_machine_without_gpus_simulates_eight_of_each_kind() -> None:
    found = devices.discover({}).devices

    kinds = sum(len(model.memory_gb) for model in MODELS.values())
    assert len(found) == 8 * kinds
    assert [device.index for device in found] == list(range(len(found)))
    assert all(device.simulated for device in found)


@no_real_gpu
def test_simulation_can_be_turned_off() -> None:
    assert devices.discover({"FLOWKIT_SIMULATE": "never"}).devices == ()


def test_cpus_and_memory_are_those_that_this_process_may_use() -> None:
    capacity = devices.discover({})

    assert 0 < capacity.cpus <= len(os.sched_getaffinity(0))
    assert 0 < capacity.memory_bytes <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("product", "model"),
    [
        ("NVIDIA A100-SXM4-80GB", "a100"),
        ("NVIDIA A100-PCIE-40GB", "a100"),
        ("NVIDIA H100 80GB HBM3", "h100"),
        ("NVIDIA H100 NVL", "h100"),
        ("NVIDIA H200", "h200"),
        ("NVIDIA GH200 480GB", "gh200"),
        ("NVIDIA GB200", "gb200"),
        ("NVIDIA L40S", "l40s"),
        ("NVIDIA L4", "l4"),
        ("Tesla V100-SXM2-16GB", "v100"),
        ("Tesla T4", "t4"),
        ("NVIDIA A10G", "a10g"),
        ("NVIDIA GeForce RTX 4090", "rtx4090"),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "rtx4090"),
        ("NVIDIA RTX A6000", "rtxa6000"),
        ("NVIDIA RTX 6000 Ada Generation", "rtx6000ada"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "rtxpro6000"),
        ("NVIDIA GeForce GTX 1080 Ti", "gtx1080ti"),
    ],
)
def test_product_names_become_models_of_the_grammar(product: str, model: str) -> None:
    assert devices.model_name(product) == model


@pytest.mark.parametrize(
    ("model", "mebibytes", "memory_gb"),
    [
        ("a100", 40960, 40),
        ("a100", 81920, 80),
        ("h100", 81559, 80),
        ("h100", 95830, 94),
        ("h200", 143771, 141),
        ("b200", 183359, 180),
        ("t4", 15360, 16),
        ("a10g", 23028, 24),
        # Half of one, as hypervisors hand out; and a model that the grammar does not know.
        ("a100", 20480, 20),
        ("gtx1080ti", 11264, 11),
    ],
)
def test_memory_is_what_the_gpu_is_sold_with(model: str, mebibytes: int, memory_gb: int) -> None:
    assert devices.memory_gb(model, mebibytes << 20) == memory_gb


def test_a_task_sees_the_gpus_that_it_holds() -> None:
    env = environment(launch(REAL, OTHER), real_devices=True)

    assert env["CUDA_VISIBLE_DEVICES"] == "GPU-1,GPU-4"
    assert env["FLOWKIT_GPUS_PER_NODE"] == "2"
    assert "FLOWKIT_SIMULATED_GPUS" not in env


def test_a_task_without_gpus_sees_none_of_those_that_exist() -> None:
    env = environment(launch(CUDA_VISIBLE_DEVICES="0"), real_devices=True)

    assert env["CUDA_VISIBLE_DEVICES"] == ""


def test_simulated_gpus_are_counted_and_bound_to_nothing() -> None:
    env = environment(launch(SIMULATED), real_devices=False)

    assert env["FLOWKIT_SIMULATED_GPUS"] == "1"
    assert "CUDA_VISIBLE_DEVICES" not in env


def test_what_distributed_training_needs_is_set() -> None:
    env = environment(launch(), real_devices=False)

    port = int(env.pop("MASTER_PORT"))
    assert 0 < port < 65536
    assert env == {
        "FLOWKIT_TASK_ID": "task_1",
        "FLOWKIT_ATTEMPT": "2",
        "FLOWKIT_NODE_RANK": "0",
        "FLOWKIT_NUM_NODES": "1",
        "FLOWKIT_NODE_IPS": "127.0.0.1",
        "FLOWKIT_GPUS_PER_NODE": "0",
        "MASTER_ADDR": "127.0.0.1",
    }


def test_the_nodes_of_a_gang_divide_its_gpus_and_meet_at_the_first() -> None:
    attempt = launch(REAL, OTHER)._replace(num_instances=2)

    first, second = (environment(attempt, real_devices=True, rank=rank) for rank in range(2))

    assert first["CUDA_VISIBLE_DEVICES"] == "GPU-1"
    assert second["CUDA_VISIBLE_DEVICES"] == "GPU-4"
    assert (first["FLOWKIT_NODE_RANK"], second["FLOWKIT_NODE_RANK"]) == ("0", "1")
    for env in (first, second):
        assert env["FLOWKIT_NUM_NODES"] == "2"
        assert env["FLOWKIT_GPUS_PER_NODE"] == "1"
        assert env["FLOWKIT_NODE_IPS"] == "127.0.0.1,127.0.0.2"
        assert env["MASTER_ADDR"] == "127.0.0.1"


def test_nodes_that_share_a_gpu_both_see_it() -> None:
    attempt = launch(REAL, REAL)._replace(num_instances=2)

    for rank in range(2):
        env = environment(attempt, real_devices=True, rank=rank)
        assert env["CUDA_VISIBLE_DEVICES"] == "GPU-1"


def test_a_rendezvous_of_the_tasks_own_is_kept() -> None:
    env = environment(launch(MASTER_ADDR="10.0.0.1", MASTER_PORT="29500"), real_devices=False)

    assert (env["MASTER_ADDR"], env["MASTER_PORT"]) == ("10.0.0.1", "29500")


def test_the_tasks_identity_cannot_be_changed() -> None:
    env = environment(launch(FLOWKIT_TASK_ID="task_2"), real_devices=False)

    assert env["FLOWKIT_TASK_ID"] == "task_1"
