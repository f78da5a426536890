"""Commits of git repositories: found when a task is submitted, checked out when it starts.

Submodules are not checked out, and no hook is run.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import re
import secrets
import shutil
import signal
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from flowkit_gateway.files.threads import in_thread
from flowkit_gateway.problems import Detail, InvalidRequest

_LOOK_SECONDS = 20.0
_FETCH_SECONDS = 600.0
_END_SECONDS = 5.0
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\0 ]+")
_NOT_SIGNED_IN = ("could not read Username", "terminal prompts disabled", "Authentication failed")
_USER = "x-access-token"
"""Whom a token without a user is of; GitHub and GitLab look at the token alone."""


class GitError(Exception):
    """git could not do something; its text says why, without credentials."""


class Repository(NamedTuple):
    """A repository, and how to sign in to it."""

    project: str
    url: str
    credential: str | None = None
    """`USER:TOKEN`, or a token."""

    def __repr__(self) -> str:
        return f"Repository({self.project!r}, {self.url!r})"


class GitRepositories:
    """Finds and checks out commits.

    Args:
        directory: holds a copy of what was fetched of each project's repositories.
        embedded: the gateway is its user's own, and may use files and keys of that user.
    """

    def __init__(self, directory: Path, *, embedded: bool) -> None:
        self._directory = directory
        self._embedded = embedded
        self._locks: dict[Path, asyncio.Lock] = {}
        self._readers: Counter[Path] = Counter()

    def check(self, url: str, loc: str, *, signs_in: bool) -> None:
        """Refuse a repository that this gateway does not read from.

        Args:
            url: its URL.
            loc: JSON pointer of it in the request, for the error.
            signs_in: a secret is named to sign in with.

        Raises:
            InvalidRequest: it is of another protocol, holds a password, or has no use for a secret.
        """
        if _SCP.fullmatch(url):
            scheme, password = "ssh", None
        else:
            parts = urlsplit(url)
            scheme, password = parts.scheme, parts.password
        protocols = ["https"]
        if self._embedded:
            protocols += ["ssh", "file", "http", "git"]
        if scheme not in protocols:
            message = f"this gateway reads git repositories by {', '.join(protocols)} only"
            raise InvalidRequest(
                message,
                hint="write it as https://git.example.org/team/repository.git",
                details=[Detail(loc, message)],
            )
        if password is not None:
            raise InvalidRequest(
                "a password does not belong into a URL",
                hint="keep a token as a secret, and name that in `secret`",
                details=[Detail(loc, "it holds a password")],
            )
        if signs_in and scheme not in ("https", "http"):
            message = "a secret signs in by https only"
            raise InvalidRequest(
                message,
                hint="leave the secret out: ssh uses the keys of the gateway's own user",
                details=[Detail(loc, message)],
            )

    async def resolve(self, repository: Repository, ref: str | None) -> str:
        """Return the commit that a branch, a tag or a commit is now.

        Args:
            repository: where to look.
            ref: its name; the default branch unless given.

        Raises:
            GitError: there is none, or the repository cannot be read.
        """
        found = {}
        listing = await self._git(
            ["ls-remote", "--", repository.url], repository, seconds=_LOOK_SECONDS
        )
        for line in listing.splitlines():
            commit, _, name = line.partition("\t")
            found[name] = commit
        if ref is None:
            names = ["HEAD"]
        else:
            # The order of gitrevisions(7); `^{}` is what an annotated tag is of.
            places = (ref, f"refs/tags/{ref}", f"refs/heads/{ref}")
            names = [f"{place}{peeled}" for place in places for peeled in ("^{}", "")]
        for name in names:
            if name in found:
                return found[name]
        if ref is not None and _COMMIT.fullmatch(ref):
            return ref
        raise GitError(
            f"{repository.url} has no branch or tag {ref}" if ref else f"{repository.url} is empty"
        )

    async def check_out(
        self, repository: Repository, commit: str, ref: str | None, into: Path
    ) -> None:
        """Write the files of a commit into a directory that is made for them.

        Args:
            repository: where it is.
            commit: the whole hash.
            ref: what it was found by.
            into: nothing is there yet.

        Raises:
            GitError: the commit cannot be had.
        """
        name = hashlib.sha256(repository.url.encode()).hexdigest()[:32]
        mirror = self._directory / repository.project / name
        self._readers[mirror] += 1
        try:
            async with self._locks.setdefault(mirror, asyncio.Lock()):
                await self._fetch(repository, commit, ref, mirror)
            await self._write_files(repository, commit, mirror, into)
        finally:
            self._readers[mirror] -= 1

    def is_in_use(self, mirror: Path) -> bool:
        """Say whether something is just fetched into a copy, or checked out from it."""
        return self._readers[mirror] > 0

    async def _write_files(
        self, repository: Repository, commit: str, mirror: Path, into: Path
    ) -> None:
        index = mirror / f"index-{secrets.token_hex(8)}"
        environment = {"GIT_INDEX_FILE": str(index), "GIT_WORK_TREE": str(into)}
        os.makedirs(into, 0o700)
        try:
            for arguments in (["read-tree", commit], ["checkout-index", "--all"]):
                await self._git(arguments, repository, mirror=mirror, more=environment)
        finally:
            index.unlink(missing_ok=True)

    async def _fetch(
        self, repository: Repository, commit: str, ref: str | None, mirror: Path
    ) -> None:
        await in_thread(os.makedirs, mirror.parent, 0o700, exist_ok=True)
        # Also where there is one, as a kill may have left a part of it.
        await self._git(["init", "--quiet", "--bare", "--template=", "--", str(mirror)], repository)
        # The garbage collector goes by this.
        os.utime(mirror)
        if await self._has(repository, commit, mirror):
            return
        fetch = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"]
        try:
            await self._git(
                [*fetch, "--depth=1", "--", repository.url, commit], repository, mirror=mirror
            )
        except GitError:
            # Some servers give what has a name only.
            await self._git(
                [*fetch, "--", repository.url, ref or "HEAD"], repository, mirror=mirror
            )
        if not await self._has(repository, commit, mirror):
            raise GitError(f"{repository.url} does not have the commit {commit} any more")

    async def _has(self, repository: Repository, commit: str, mirror: Path) -> bool:
        # All files, as a fetch that was broken off may have left the commit without some of them.
        files = ["rev-list", "--objects", "--quiet", f"{commit}^{{tree}}", "--"]
        try:
            await self._git(files, repository, mirror=mirror)
        except GitError:
            return False
        return True

    async def _git(
        self,
        arguments: list[str],
        repository: Repository,
        *,
        mirror: Path | None = None,
        more: Mapping[str, str] | None = None,
        seconds: float = _FETCH_SECONDS,
    ) -> str:
        git = shutil.which("git")
        if git is None:
            raise GitError("git is not installed where the gateway runs")
        where = [] if mirror is None else [f"--git-dir={mirror}"]
        process = await asyncio.create_subprocess_exec(
            git,
            *where,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # git looks for a repository where it is run.
            cwd=(more or {}).get("GIT_WORK_TREE", "/"),
            env={**self._environment(repository), **(more or {})},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(seconds):
                output, errors = await process.communicate()
        except TimeoutError:
            raise GitError(f"{repository.url} did not answer within {seconds:g} s") from None
        finally:
            if process.returncode is None:
                await _end(process)
        if process.returncode:
            raise GitError(_reason(errors, repository))
        return output.decode("utf-8", "replace")

    def _environment(self, repository: Repository) -> dict[str, str]:
        protocols = "https:ssh:file:http:git" if self._embedded else "https"
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_ALLOW_PROTOCOL": protocols,
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        }
        # No branch of the copy names what was fetched, so that git would take it for garbage.
        options = {"core.hooksPath": "/dev/null", "protocol.version": "2", "gc.auto": "0"}
        if self._embedded:
            environment |= {
                name: os.environ[name] for name in ("HOME", "SSH_AUTH_SOCK") if name in os.environ
            }
        else:
            # Nothing that the gateway's own user has set up is for its callers.
            environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        if repository.credential is not None:
            site = urlsplit(repository.url)
            user, colon, token = repository.credential.strip().partition(":")
            pair = f"{user}:{token}" if colon else f"{_USER}:{user}"
            encoded = base64.b64encode(pair.encode()).decode()
            # By the environment: command lines can be read by everybody on the machine.
            key = f"http.{site.scheme}://{site.netloc}/.extraHeader"
            options[key] = f"Authorization: Basic {encoded}"
        environment["GIT_CONFIG_COUNT"] = str(len(options))
        for number, (key, value) in enumerate(options.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


async def _end(process: asyncio.subprocess.Process) -> None:
    """End git with what it started: ssh and the helpers of protocols."""
    # Asked first: killed, it would leave its locks on the copy of the repository.
    os.killpg(process.pid, signal.SIGTERM)
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _reason(errors: bytes, repository: Repository) -> str:
    lines = [line for line in errors.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    text = (fatal or lines or ["git failed"])[0].partition(": ")[2] or "git failed"
    if repository.credential is not None:
        text = text.replace(repository.credential, "***")
    if any(sign in text for sign in _NOT_SIGNED_IN):
        signed_in = repository.credential is not None
        text = "it refuses the secret" if signed_in else "it asks for a user and a password"
    return f"cannot read {repository.url}: {text[:300]}"
