"""Install the benchmark's peers, each in an environment of its own under `.bench/`.

    python -m bench.install_peers [NAME ...]

Without names all are installed. What cannot be installed is reported, and the benchmark later
reports it as absent.
"""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

PEERS_HOME = Path(__file__).resolve().parent.parent / ".bench"

REQUIREMENTS = {
    "psij": "psij-python",
    "submitit": "submitit",
    "parsl": "parsl",
    "hyperqueue": "hyperqueue",
    "modal": "modal",
    "dstack": "dstack",
    "skypilot": "skypilot",
    "flow-compute": "flow-compute",
}


def main() -> int:
    names = sys.argv[1:] or list(REQUIREMENTS)
    unknown = sorted(set(names) - set(REQUIREMENTS))
    if unknown:
        print(f"no such peer: {', '.join(unknown)}; known: {', '.join(REQUIREMENTS)}")
        return 2
    failed = [name for name in names if not install(name)]
    if failed:
        print(f"not installed: {', '.join(failed)}")
    return 1 if failed else 0


def install(name: str) -> bool:
    """Install one peer; True when that worked."""
    directory = PEERS_HOME / name
    print(f"installing {REQUIREMENTS[name]} into {directory.relative_to(PEERS_HOME.parent)} ...")
    venv.create(directory, with_pip=True, clear=True)
    pip = [str(directory / "bin" / "python"), "-m", "pip", "--quiet", "--no-input"]
    done = subprocess.run([*pip, "install", REQUIREMENTS[name]], check=False)
    return done.returncode == 0


def python_of(name: str) -> Path | None:
    """The interpreter of an installed peer's environment, or None where it is absent."""
    python = PEERS_HOME / name / "bin" / "python"
    return python if python.exists() else None


def version_of(name: str) -> str | None:
    """The version of an installed peer, or None where it is absent."""
    python = python_of(name)
    if python is None:
        return None
    code = f"import importlib.metadata as m; print(m.version({REQUIREMENTS[name]!r}))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def command_of(name: str, command: str) -> Path | None:
    """The command that an installed peer brings, or None where it is absent."""
    path = PEERS_HOME / name / "bin" / command
    return path if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
