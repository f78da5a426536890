from __future__ import annotations

import attrs

from ..codec import Model


@attrs.define(kw_only=True, slots=False, repr=False)
class GitSource(Model):
    """A commit of a git repository, which the gateway checks out.

    Attributes:
        repository: URL of the repository, without a password.
        ref: Branch, tag or commit; the default branch unless given.
        commit: The commit that `ref` was when the task was submitted.
        secret: Name of the secret that holds a token, or `USER:TOKEN`, to sign in with.
    """

    repository: str
    ref: str | None = None
    commit: str | None = None
    secret: str | None = None
