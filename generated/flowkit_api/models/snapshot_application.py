from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class SnapshotApplication(Model):
    """`SnapshotApplication` of the contract.

    Attributes:
        target_dir: Directory of the workspace, relative to it; the workspace unless given.
    """

    snapshot_id: str
    target_dir: str | None = None
