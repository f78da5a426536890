from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class UploadCompletion(Model):
    """`UploadCompletion` of the contract.

    Attributes:
        sha256: SHA-256 of the whole file; what has arrived must have it.
    """

    sha256: str | None = None
