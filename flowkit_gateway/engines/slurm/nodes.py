"""The machines of the cluster, as `sinfo` lists them.

Sources: sinfo(1) `--Format`, gres.conf(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowkit.errors import InvalidGPURequest
from flowkit.gpu_models import MODELS
from flowkit.instances import InstanceTypeName
from flowkit_gateway.engines.engine import Capacity, Device, Node
from flowkit_gateway.engines.local.devices import model_name
from flowkit_gateway.engines.slurm.commands import call, option_list
from flowkit_gateway.engines.slurm.options import OptionError

_MIB = 1 << 20
_FIELDS = {"NodeList": 128, "StateLong": 32, "CPUs": 16, "Memory": 24, "Gres": 400}
# A GPU without a type is written gpu:8, one that is bound to sockets gpu:a100:8(S:0-1).
_GRES = re.compile(r"gpu(?::(?P<type>[^:(,]*[^:(,0-9][^:(,]*))?:(?P<count>\d+)")
_UNTYPED = "gpu"
_SIZE = re.compile(r"(\d+)gb")


class GPUType(NamedTuple):
    """A kind of GPU under Slurm's own name."""

    name: str
    """Empty where Slurm has no name for it."""
    model: str
    memory_gb: float


async def list_nodes(partition: str | None) -> str:
    """Return what `sinfo` prints of the machines that jobs may use.

    Args:
        partition: where jobs go; None for anywhere.

    Raises:
        SlurmError: it failed.
    """
    form = ",".join(f"{name}:{width}" for name, width in _FIELDS.items())
    flags = {"partition": partition} if partition else {}
    return await call("sinfo", "--noheader", "--Node", f"--Format={form}", *option_list(flags))


def parse_nodes(text: str, gpus: Mapping[str, str]) -> tuple[Node, ...]:
    """Return the machines of what `sinfo` printed; those that are down may come back.

    Args:
        text: one line a machine and partition.
        gpus: what each GPU type is in the grammar, where its name does not say it.

    Raises:
        OptionError: a type is said to be a GPU that the grammar does not know.
    """
    nodes: dict[str, Node] = {}
    for line in text.splitlines():
        values, start = {}, 0
        for name, width in _FIELDS.items():
            values[name] = line[start : start + width].strip()
            start += width
        if not values["CPUs"].isdigit() or not values["Memory"].isdigit():
            continue
        nodes[values["NodeList"]] = Node(
            values["NodeList"],
            float(values["CPUs"]),
            int(values["Memory"]) * _MIB,
            tuple(_devices(values["Gres"], gpus)),
        )
    return tuple(nodes.values())


def capacity_of(nodes: tuple[Node, ...]) -> Capacity:
    """Return what one instance of a task can have at most."""
    most: dict[str, Device] = {}
    for node in nodes:
        most |= {device.uuid: device for device in node.devices}
    return Capacity(
        cpus=max((node.cpus for node in nodes), default=0.0),
        memory_bytes=max((node.memory_bytes for node in nodes), default=0),
        devices=tuple(most.values()),
        nodes=nodes,
    )


def gres(devices: tuple[Device, ...]) -> str | None:
    """Return what to ask Slurm for, or None without GPUs.

    Example:
        >>> device = Device(0, "slurm/a100/0", "a100", 80.0, "nvidia", False)
        >>> gres((device, device))
        'gpu:a100:2'
    """
    if not devices:
        return None
    name = devices[0].uuid.split("/")[1]
    return f"gpu:{name}:{len(devices)}" if name else f"gpu:{len(devices)}"


def _devices(text: str, gpus: Mapping[str, str]) -> Iterator[Device]:
    """Yield the GPUs of one machine; the same place on two machines has the same name.

    Which GPU of which machine a job gets is for Slurm to choose.
    """
    for found in _GRES.finditer(text):
        kind = gpu_type(found["type"] or "", gpus)
        vendor = MODELS[kind.model].vendor if kind.model in MODELS else "nvidia"
        for index in range(int(found["count"])):
            name = f"slurm/{kind.name}/{index}"
            yield Device(index, name, kind.model, kind.memory_gb, vendor, False)


def gpu_type(name: str, gpus: Mapping[str, str]) -> GPUType:
    """Return what a GPU type of Slurm's is in the grammar.

    Args:
        name: the type; empty for GPUs without one.
        gpus: what types are whose names do not say it.

    Raises:
        OptionError: a type is said to be a GPU that the grammar does not know.

    Example:
        >>> gpu_type("nvidia_a100_80gb_pcie", {})
        GPUType(name='nvidia_a100_80gb_pcie', model='a100', memory_gb=80)
        >>> gpu_type("tesla", {"tesla": "v100-32gb"})
        GPUType(name='tesla', model='v100', memory_gb=32)
    """
    said = gpus.get(name or _UNTYPED)
    if said is not None:
        try:
            offer = InstanceTypeName.parse(f"1x{said}", ())
        except InvalidGPURequest as error:
            raise OptionError(
                f"--slurm gpu.{name or _UNTYPED}={said[:60]}: {error.message}", hint=error.hint
            ) from error
        sizes = MODELS[offer.model or ""].memory_gb
        return GPUType(name, offer.model or "", offer.memory_gb or max(sizes))
    words = re.sub(r"[-_]", " ", name.lower())
    size = _SIZE.search(words)
    model = _known_model(words)
    sizes = MODELS[model].memory_gb if model in MODELS else ()
    if size is not None:
        return GPUType(name, model, int(size[1]))
    # Of a model with several sizes nobody is promised more than the least one has.
    return GPUType(name, model, min(sizes, default=0))


def _known_model(words: str) -> str:
    """Find the model in a type's name, which may say its memory, its form and its maker too."""
    parts = words.split()
    for length in range(len(parts), 0, -1):
        for start in range(len(parts) - length + 1):
            model = model_name(" ".join(parts[start : start + length]))
            if model in MODELS:
                return model
    return model_name(words)
