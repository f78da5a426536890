"""Which files of a source tree are left out: gitignore patterns, directory by directory.

Patterns are those of gitignore(5). In each directory `.gitignore` is read, and `.flowkitignore`
after it, so that a line such as `!weights.bin` in the latter brings back what the former leaves
out. As in git, nothing is brought back from within a directory that is left out itself. git's
settings beyond the tree (`core.excludesFile`, `.git/info/exclude`) are not read: the same tree is
the same snapshot for everybody.

`__pycache__` is left out unless a pattern brings it back. `.git` always is, as by git, and so
are Python's virtual environments, which hold absolute paths of their machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flowkit.code.patterns import Pattern
from flowkit.errors import InvalidTaskConfig

IGNORE_FILES = (".gitignore", ".flowkitignore")
_DEFAULTS = ("__pycache__/",)


class IgnoreRules:
    """The patterns that hold in one directory: its own and those of the directories above.

    Args:
        above: The rules of the directory above; None at the top.
        prefix: Path of this directory relative to the top, with a `/` at its end unless empty.
        lines: Lines of its ignore files, in the order of their reading.

    Example:
        >>> rules = IgnoreRules(None, "", ["*.log", "!keep.log", "build/"])
        >>> [rules.leaves_out(name, is_directory=False) for name in ("a.log", "keep.log", "build")]
        [True, False, False]
        >>> IgnoreRules(rules, "build/", []).leaves_out("build/x.log", is_directory=False)
        True
    """

    def __init__(self, above: IgnoreRules | None, prefix: str, lines: Iterable[str]) -> None:
        self._above = above
        self._prefix = prefix
        patterns = [pattern for line in lines if (pattern := Pattern.read(line)) is not None]
        # The last one that matches has the say.
        self._patterns = patterns[::-1]
        # Most names match nothing, and there may be hundreds of patterns: these three say so fast.
        self._names = frozenset(pattern.name for pattern in patterns if pattern.name)
        self._suffixes = tuple(pattern.suffix for pattern in patterns if pattern.suffix)
        self._others = [each for each in patterns if not (each.name or each.suffix)]

    @classmethod
    def of_top(cls, top: Path) -> IgnoreRules:
        """Return the rules of a tree's own directory.

        A tree within a git repository is under the patterns of the directories above it too, up
        to the repository's own.

        Raises:
            InvalidTaskConfig: an ignore file cannot be read.
        """
        rules = cls(None, "", _DEFAULTS)
        folders = _folders_of_repository(top)
        for number, folder in enumerate(folders):
            below = folders[number + 1 :]
            # Seen from such a directory, the tree's paths begin with the names on the way.
            way = "".join(f"{each.name}/" for each in (*below, top))
            rules = _RulesFromAbove(rules, way, _lines_of(folder))
        return cls(rules, "", _lines_of(top))

    def of_directory(self, directory: Path, prefix: str, names: Iterable[str]) -> IgnoreRules:
        """Return the rules of a directory below.

        Args:
            directory: Where it is.
            prefix: Its path relative to the top, with a `/` at its end.
            names: Names of what is in it.

        Raises:
            InvalidTaskConfig: an ignore file cannot be read.
        """
        if not any(name in IGNORE_FILES for name in names):
            return self
        return IgnoreRules(self, prefix, _lines_of(directory))

    def leaves_out(self, path: str, *, is_directory: bool) -> bool:
        """Say whether something in this directory, or in one below without rules, is left out.

        Args:
            path: Relative to the top.
            is_directory: It is a directory, and no link to one.
        """
        verdict = self._verdict(path, is_directory)
        if verdict is None:
            return self._above is not None and self._above.leaves_out(
                path, is_directory=is_directory
            )
        return verdict

    def _verdict(self, path: str, is_directory: bool) -> bool | None:
        """Return what the last pattern that matches says, None when none of them does."""
        within = self._path_within(path)
        name = within.rpartition("/")[2]
        if not (
            name in self._names
            or name.endswith(self._suffixes)
            or any(pattern.matches(within, name, is_directory) for pattern in self._others)
        ):
            return None
        return next(
            (
                pattern.leaves_out
                for pattern in self._patterns
                if pattern.matches(within, name, is_directory)
            ),
            None,
        )

    def _path_within(self, path: str) -> str:
        return path[len(self._prefix) :]


class _RulesFromAbove(IgnoreRules):
    """The rules of a directory above the tree; its prefix is the way down to the tree."""

    def _path_within(self, path: str) -> str:
        return self._prefix + path


def _folders_of_repository(top: Path) -> list[Path]:
    """Return the directories from the git repository's own down to, and without, `top`."""
    if (top / ".git").exists():
        return []
    folders: list[Path] = []
    for folder in top.parents:
        folders.insert(0, folder)
        if (folder / ".git").exists():
            return folders
    return []


def _lines_of(directory: Path) -> list[str]:
    lines: list[str] = []
    for name in IGNORE_FILES:
        file = directory / name
        try:
            # As git, which does not follow a link here.
            if file.is_symlink() or not file.is_file():
                continue
            text = file.read_bytes().decode("utf-8-sig", "surrogateescape")
        except OSError as error:
            raise InvalidTaskConfig(
                f"cannot read {file}: {error.strerror}", hint="make it readable, or remove it"
            ) from error
        lines += [line.removesuffix("\r") for line in text.split("\n")]
    return lines
