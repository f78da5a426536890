"""Write the synchronous twins of flowkit's asynchronous packages.

The asynchronous source is the only one that is written by hand; `make regen` runs this script
(through `regenerate.py`), and CI proves that the twins are fresh.

    python scripts/write_sync.py
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import tokenize_rt  # type: ignore[import-untyped]  # it ships no type information
import unasync  # type: ignore[import-untyped]  # it ships no type information

ROOT = Path(__file__).resolve().parent.parent

TWINS = (
    ("flowkit/_async", "flowkit/_sync"),
    ("flowkit/transport/_async", "flowkit/transport/_sync"),
)

# Any other name that starts with `Async` and a capital loses that prefix.
NAMES = {
    "AbstractAsyncContextManager": "AbstractContextManager",
    "AsyncioClient": "SyncClient",
    "_async": "_sync",
    "aclose": "close",
    "aclosing": "closing",
    "aiter": "iter",
    "aiter_bytes": "iter_bytes",
    "aiter_lines": "iter_lines",
    "aiter_raw": "iter_raw",
    "anext": "next",
    "asynccontextmanager": "contextmanager",
    "aread": "read",
    "astream": "stream",
    "asyncio": "sync",  # the generated call `get_task.asyncio(...)`
    "enter_async_context": "enter_context",
    "handle_async_request": "handle_request",
    "push_async_callback": "callback",
}

# The library's own `asyncio.x` comes before NAMES, which would take its first word for a
# generated call. Imports that are then unused are removed with the formatting.
EXPRESSIONS = (
    (r"^( *)import asyncio$", r"\1import threading\n\1import time"),
    (r"(?<![.\w])asyncio\.sleep\b", "time.sleep"),
    (r"(?<![.\w])Awaitable\[(\w+)\]", r"\1"),
    (r"(?<![.\w])asyncio\.(Lock|Event|Condition|Semaphore)\b", r"threading.\1"),
    (r"(?<![.\w])asyncio\.to_thread\(\s*([\w.]+)(?:,\s*)?", r"\1("),
    (r"(?<![.\w])asyncio\.run\((.+)\)$", r"\1"),
    (r"(?<![.\w])asyncio\.to_thread\(([\w.]+)(?:, )?", r"\1("),
)


def write_sync(root: Path, into: Path) -> None:
    """Write every synchronous package; one without a source has no twin.

    Args:
        root: The checkout to read from.
        into: The checkout to write into, which may be the same.

    Raises:
        SystemExit: A source uses something that has no synchronous form here.
    """
    for source, target in TWINS:
        if (into / target).exists():
            shutil.rmtree(into / target)
        for path in sorted((root / source).rglob("*.py")):
            write_module(path, root, into / target / path.relative_to(root / source))
        if (into / target).exists():
            tidy(into / target)


def write_module(path: Path, root: Path, twin: Path) -> None:
    name = path.relative_to(root).as_posix()
    text = replace_expressions(path.read_text(encoding="utf-8"), name)
    twin.parent.mkdir(parents=True, exist_ok=True)
    twin.write_text(text, encoding="utf-8")
    unasync.unasync_files([str(twin)], [unasync.Rule(str(twin), str(twin), replacements(text))])
    body = replace_in_text(twin.read_text(encoding="utf-8"))
    twin.write_text(f"# Written by `make regen` from {name}: edit that file.\n{body}", "utf-8")


def replace_expressions(text: str, name: str) -> str:
    for pattern, replacement in EXPRESSIONS:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    if left := re.search(r"^(?!\s*#).*(?<![.\w`])asyncio\.(\w+)", text, flags=re.MULTILINE):
        sys.exit(f"{name}: asyncio.{left[1]} has no synchronous form in {Path(__file__).name}")
    return text


def replacements(text: str) -> dict[str, str]:
    prefixed = re.findall(r"\bAsync[A-Z]\w*", text)
    return {name: name.removeprefix("Async") for name in prefixed} | NAMES


def replace_in_text(text: str) -> str:
    """Rename in comments and in strings, which unasync leaves alone unless they are one name."""
    tokens = tokenize_rt.src_to_tokens(text)
    for index, token in enumerate(tokens):
        if token.name in {"STRING", "COMMENT"}:
            tokens[index] = token._replace(src=replace_in_string(token.src))
    return str(tokenize_rt.tokens_to_src(tokens))


def replace_in_string(text: str) -> str:
    text = re.sub(r"\bAsync(?=[A-Z])", "", text)
    text = re.sub(r"\b_async\b", "_sync", text)
    return re.sub(r"^ *(?:>>>|\.\.\.) .*$", replace_in_example, text, flags=re.MULTILINE)


def replace_in_example(line: re.Match[str]) -> str:
    text = re.sub(r"\basync (?=def|with|for)|\bawait ", "", line[0])
    return re.sub(r"\b\w+\b", lambda word: NAMES.get(word[0], word[0]), text)


def tidy(directory: Path) -> None:
    """Sort imports, drop unused ones and format, by nothing but what is written here.

    Args:
        directory: The written package.

    Raises:
        subprocess.CalledProcessError: The written code is not Python.
    """
    options = ["--isolated", "--quiet", "--no-cache", "--target-version=py311", "--line-length=100"]
    first_party = "lint.isort.known-first-party=['flowkit', 'flowkit_gateway']"
    for command in (
        ["check", *options, "--fix-only", "--select=I,F401", f"--config={first_party}"],
        ["format", *options],
    ):
        # -P, or Python would take a types.py of the directory it is in for its own.
        ruff = [sys.executable, "-P", "-m", "ruff", *command]
        subprocess.run([*ruff, directory.name], cwd=directory.parent, check=True)


if __name__ == "__main__":
    write_sync(ROOT, ROOT)
