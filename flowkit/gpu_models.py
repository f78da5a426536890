"""The GPU models that flowkit knows: data only. Adding a model is one line of `MODELS`."""

from __future__ import annotations

from typing import NamedTuple


class GPUModel(NamedTuple):
    """A model: who makes it, the memory sizes it is sold with (GB), its other spellings."""

    vendor: str
    memory_gb: tuple[int, ...]
    aliases: tuple[str, ...] = ()


# Names and aliases are spelled as the parser compares them: lower case, no '-' and no '_'.
# Sizes ascend.
MODELS: dict[str, GPUModel] = {
    "p100": GPUModel("nvidia", (16,)),
    "v100": GPUModel("nvidia", (16, 32)),
    "t4": GPUModel("nvidia", (16,)),
    "a10": GPUModel("nvidia", (24,)),
    "a10g": GPUModel("nvidia", (24,)),
    "a16": GPUModel("nvidia", (16,)),
    "a30": GPUModel("nvidia", (24,)),
    "a40": GPUModel("nvidia", (48,)),
    "a100": GPUModel("nvidia", (40, 80)),
    "l4": GPUModel("nvidia", (24,)),
    "l40": GPUModel("nvidia", (48,)),
    "l40s": GPUModel("nvidia", (48,)),
    "rtx3090": GPUModel("nvidia", (24,)),
    "rtx4090": GPUModel("nvidia", (24,)),
    "rtx5090": GPUModel("nvidia", (32,)),
    "rtxa4000": GPUModel("nvidia", (16,), ("a4000",)),
    "rtxa5000": GPUModel("nvidia", (24,), ("a5000",)),
    "rtxa6000": GPUModel("nvidia", (48,), ("a6000",)),
    "rtx6000ada": GPUModel("nvidia", (48,), ("6000ada",)),
    "rtxpro6000": GPUModel("nvidia", (96,)),
    "h100": GPUModel("nvidia", (80, 94)),
    "gh200": GPUModel("nvidia", (96, 144)),
    "h200": GPUModel("nvidia", (141,)),
    "b200": GPUModel("nvidia", (180, 192)),
    "gb200": GPUModel("nvidia", (186,)),
    "b300": GPUModel("nvidia", (288,)),
    "gb300": GPUModel("nvidia", (288,)),
    "mi210": GPUModel("amd", (64,)),
    "mi250x": GPUModel("amd", (128,), ("mi250",)),
    "mi300x": GPUModel("amd", (192,), ("mi300",)),
    "mi325x": GPUModel("amd", (256,)),
    "mi355x": GPUModel("amd", (288,)),
    "gaudi2": GPUModel("intel", (96,)),
    "gaudi3": GPUModel("intel", (128,)),
    "v5e": GPUModel("google", (16,), ("tpuv5e",)),
    "v5p": GPUModel("google", (95,), ("tpuv5p",)),
    "v6e": GPUModel("google", (32,), ("tpuv6e",)),
}

ALIASES: dict[str, str] = {alias: name for name, model in MODELS.items() for alias in model.aliases}

VENDORS: tuple[str, ...] = ("nvidia", "amd", "intel", "google")
