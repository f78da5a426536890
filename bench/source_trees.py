"""Source trees to be sent: as many files as a large project has, of sizes as projects have them."""

from __future__ import annotations

import random
import sysconfig
from functools import cache
from pathlib import Path

FILES = 10_000
TREE_BYTES = 100_000_000
_FOLDERS = 800
_PIECE = 4096
_SPREAD = 1.4
"""Of the logarithms of sizes: most files are small, and a few make up most of the bytes."""


def write_tree(top: Path, name: str) -> None:
    """Write a tree of text out of Python's own sources; trees of two names share no content."""
    chance = random.Random(name)
    text = _text()
    weights = [chance.lognormvariate(0, _SPREAD) for _ in range(FILES)]
    scale = TREE_BYTES / sum(weights)
    folders = [top / f"package_{n // 40:02}" / f"part_{n % 40:02}" for n in range(_FOLDERS)]
    for folder in folders:
        folder.mkdir(parents=True)
    for number, weight in enumerate(weights):
        size = int(weight * scale)
        parts = [f"# {name} {number}\n".encode()]
        for _ in range(size // _PIECE + 1):
            begin = chance.randrange(len(text) - _PIECE)
            parts.append(text[begin : begin + _PIECE])
        (folders[number % _FOLDERS] / f"module_{number:05}.py").write_bytes(b"".join(parts)[:size])


@cache
def _text() -> bytes:
    library = Path(sysconfig.get_path("stdlib"))
    return b"".join(path.read_bytes() for path in sorted(library.glob("*.py")))
