from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class VolumeUsage(Model):
    """`VolumeUsage` of the contract.

    Attributes:
        used_bytes: Bytes of all files.
    """

    used_bytes: int
    file_count: int
    quota_bytes: int
