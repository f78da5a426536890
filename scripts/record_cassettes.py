"""Record the cassettes of tests/cassettes anew: the tests that replay them run once against a
real gateway, which this starts with a data directory and a key of its own.

    python scripts/record_cassettes.py
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.contract.recorded import CASSETTES, KEY, URL  # noqa: E402  # the path comes first

TESTS = ROOT / "tests" / "contract" / "test_cassettes.py"
START_LIMIT_SECONDS = 30.0


def main() -> int:
    environment = {name: value for name, value in os.environ.items() if name[:8] != "FLOWKIT_"}
    for cassette in CASSETTES.glob("*.yaml"):
        cassette.unlink()
    with tempfile.TemporaryDirectory(prefix="flowkit-record-") as home:
        environment["FLOWKIT_HOME"] = home
        key_file = Path(home, "keys")
        key_file.write_text(f"{KEY} recorded recorder\n")
        key_file.chmod(0o600)
        gateway = serve(key_file, environment)
        try:
            return record(environment)
        finally:
            gateway.terminate()
            gateway.wait()


def serve(key_file: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a gateway at the address of the cassettes and return when it listens.

    Raises:
        SystemExit: It has ended, as when the port is in use, or does not listen in time.
    """
    data = key_file.with_name("data")
    gateway = subprocess.Popen(
        [
            *(sys.executable, "-m", "flowkit_gateway", "serve"),
            *("--port", str(urlsplit(URL).port)),
            *("--api-key-file", str(key_file)),
            *("--data-dir", str(data)),
        ],
        env=environment,
    )
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while not (data / "gateway.json").exists():
        if gateway.poll() is not None or time.monotonic() > deadline:
            gateway.kill()
            gateway.wait()
            raise SystemExit("the gateway did not start")
        time.sleep(0.02)
    return gateway


def record(environment: dict[str, str]) -> int:
    """Run the tests so that they record."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS, "-p", "no:xdist"],
        env={**environment, "FLOWKIT_RECORD": "1"},
        cwd=ROOT,
        check=False,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
