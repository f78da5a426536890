"""What this machine has to share: CPUs, memory and GPUs, real or simulated."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping

from flowkit.gpu_models import ALIASES, MODELS
from flowkit_gateway.engines.engine import Capacity, Device

_log = logging.getLogger(__name__)

_SIMULATED_PER_KIND = 8
_NVIDIA_DRIVER = ("/dev/nvidiactl", "/dev/dxg", "/proc/driver/nvidia/version")
_BRANDS = frozenset({"nvidia", "tesla", "geforce", "quadro"})
_GIB = 1 << 30


def discover(environ: Mapping[str, str] = os.environ) -> Capacity:
    """Find out what tasks can share.

    Args:
        environ: Environment with `FLOWKIT_SIMULATE`: `never` for no simulated GPUs.
    """
    devices = tuple(_nvidia_devices())
    if not devices and environ.get("FLOWKIT_SIMULATE", "").lower() != "never":
        devices = tuple(_simulated_devices())
    return Capacity(_cpus(), _memory_bytes(), devices)


def model_name(product: str) -> str:
    """Return the grammar's name for a vendor's product name.

    Example:
        >>> model_name("NVIDIA A100-SXM4-80GB")
        'a100'
        >>> model_name("NVIDIA RTX 6000 Ada Generation")
        'rtx6000ada'
        >>> model_name("NVIDIA GeForce GTX 1080 Ti")
        'gtx1080ti'
    """
    words = [word for word in re.findall(r"[a-z0-9]+", product.lower()) if word not in _BRANDS]
    for length in range(len(words), 0, -1):
        name = "".join(words[:length])
        if name in MODELS or name in ALIASES:
            return ALIASES.get(name, name)
    return "".join(words) or "gpu"


def memory_gb(model: str, total_bytes: int) -> float:
    """Return the memory that a GPU is sold with; the driver reports a little less or other units.

    Example:
        >>> memory_gb("t4", 15360 << 20)
        16
        >>> memory_gb("h200", 143771 << 20)
        141
    """
    measured = total_bytes / _GIB
    known = MODELS[model].memory_gb if model in MODELS else ()
    nearest = min(known, key=lambda size: abs(size - measured), default=0)
    # Beyond this it is another product of the same name, or a slice of one.
    return nearest if abs(nearest - measured) <= 0.15 * measured else round(measured)


def _nvidia_devices() -> Iterator[Device]:
    if not any(map(os.path.exists, _NVIDIA_DRIVER)):
        return
    try:
        import pynvml  # type: ignore[import-untyped]  # NVIDIA ships it without types
    except ImportError as error:
        _log.warning("NVIDIA driver found, but its GPUs cannot be listed: %s", error)
        return
    try:
        pynvml.nvmlInit()
        try:
            for index in range(pynvml.nvmlDeviceGetCount()):
                handle = pynvml.nvmlDeviceGetHandleByIndex(index)
                model = model_name(pynvml.nvmlDeviceGetName(handle))
                total = int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
                uuid = pynvml.nvmlDeviceGetUUID(handle)
                yield Device(index, uuid, model, memory_gb(model, total), "nvidia", False)
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        _log.warning("NVIDIA's library cannot list the GPUs: %s", error)


def _simulated_devices() -> Iterator[Device]:
    index = 0
    for name, model in MODELS.items():
        for size in model.memory_gb:
            for _ in range(_SIMULATED_PER_KIND):
                yield Device(index, f"simulated-{index}", name, size, model.vendor, True)
                index += 1


def _cpus() -> float:
    """Count the CPUs that this process may use, of its affinity and its cgroup's quota."""
    usable = float(len(os.sched_getaffinity(0)))
    quota = _words("/sys/fs/cgroup/cpu.max") or (
        _words("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
        + _words("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    )
    if len(quota) == 2 and quota[0].isdigit() and int(quota[1]) > 0:
        usable = min(usable, int(quota[0]) / int(quota[1]))
    return usable


def _memory_bytes() -> int:
    """Return the machine's memory or, where that is less, the cgroup's."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = _words(path)
        if limit and limit[0].isdigit():
            total = min(total, int(limit[0]))
    return total


def _words(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.read().split()
    except OSError:
        return []
