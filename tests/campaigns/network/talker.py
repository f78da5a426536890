"""What a task of the campaign prints: bytes that a seed decides. Run by the task itself.

python talker.py SEED BYTES
"""

from __future__ import annotations

import os
import random
import sys
from itertools import cycle

PIECE_BYTES = 30_000
_LINES = (
    lambda chance: b"loss %.6f\n" % chance.random(),
    lambda chance: "épreuve – 訓練 – 🚀 %d\n".encode() % chance.randrange(10**6),
    lambda chance: b" %d%%\r" % chance.randrange(100),
    lambda chance: chance.randbytes(chance.randrange(1, 300)),
    lambda chance: chance.choice("aé訓🚀").encode() * chance.randrange(1, 20_000),
    lambda chance: b"\n" * chance.randrange(1, 5),
    lambda chance: b"\r\n\x00\x1b[31mred\x1b[0m\xe2\x80\xa8\xc2\x85\x0b\x0c\n",
)


def pieces(seed: int, size: int) -> list[tuple[int, bytes]]:
    """Return what is written, as file descriptors with some bytes of each, in order."""
    chance = random.Random(seed)
    found: list[tuple[int, bytes]] = []
    # In turn, as what one stream says at a stretch is one event of the log.
    descriptors = cycle((1, 2))
    while size > 0:
        piece = b""
        while len(piece) < min(size, PIECE_BYTES):
            piece += chance.choice(_LINES)(chance)
        # Whatever the cut goes through, be it a character.
        piece = piece[: min(size, PIECE_BYTES)]
        found.append((next(descriptors), piece))
        size -= len(piece)
    return found


def written(seed: int, size: int) -> dict[str, bytes]:
    """Return what each stream holds in the end."""
    whole = pieces(seed, size)
    return {
        name: b"".join(piece for number, piece in whole if number == descriptor)
        for name, descriptor in (("stdout", 1), ("stderr", 2))
    }


def main() -> None:
    """Write it all."""
    for descriptor, piece in pieces(int(sys.argv[1]), int(sys.argv[2])):
        view = memoryview(piece)
        while view:
            view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main()
