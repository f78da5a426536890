from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class SnapshotApplied(Model):
    """`SnapshotApplied` of the contract.

    Attributes:
        written: Files that were written.
        unchanged: Files that were the same already.
        size_bytes: Bytes of the files that were written.
    """

    written: int
    unchanged: int
    size_bytes: int
