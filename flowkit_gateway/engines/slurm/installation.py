"""The copy of flowkit's supervisor that nodes run: all that they need of flowkit.

It lies in the data directory, which nodes share, so that nothing has to be installed on them, and
an upgrade of the gateway leaves the jobs alone that still run the old one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_ROOT = _PACKAGE.parent
_ON_NODES = (
    "slurm/start.py",
    "slurm/node.py",
    "slurm/step.py",
    "gang.py",
    "ports.py",
    "node_dirs.py",
    "slurm/cluster_job.py",
)


def install(directory: Path) -> Path:
    """Copy the supervisor below a directory, if it is not there yet, and return what to run.

    Args:
        directory: a directory that nodes share; it need not exist.

    Raises:
        OSError: it cannot be written.
    """
    sources = sorted((_PACKAGE / "engines" / "local").glob("*.py"))
    sources += [_PACKAGE / "engines" / name for name in _ON_NODES]
    contents = {path.relative_to(_ROOT): path.read_bytes() for path in sources}
    digest = hashlib.sha256()
    for path, content in contents.items():
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    home = directory / f"supervisor-{digest.hexdigest()[:16]}"
    if not home.exists():
        _copy(contents, home)
    return home / "flowkit_gateway" / "engines" / "slurm" / "start.py"


def _copy(contents: dict[Path, bytes], home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=home.parent))
    try:
        for path, content in contents.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        # Packages without code: nodes have none of the gateway's libraries.
        for package in ("", "engines", "engines/local", "engines/slurm"):
            (made / "flowkit_gateway" / package / "__init__.py").write_text("")
        os.rename(made, home)
    except FileExistsError:
        shutil.rmtree(made)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
