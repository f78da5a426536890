#!/usr/bin/env bash
# The README's demo: one command runs a training script; then the task is looked at.
# Everything it makes is in .demo/, apart from the user's own configuration and tasks.
set -euo pipefail
cd "$(dirname "$0")/.."

unset FLOWKIT_API_URL FLOWKIT_API_KEY FLOWKIT_PROJECT FLOWKIT_PROFILE
export FLOWKIT_HOME=$PWD/.demo
export PATH=$PWD/.venv/bin:$PATH

stop() { flowkit gateway stop >/dev/null 2>&1 || true; }
show() {
    echo
    echo "\$ $*"
    "$@"
}

stop # one that an interrupted demo has left
rm -rf "$FLOWKIT_HOME"
trap stop EXIT

show flowkit run --name demo --gpu "${GPU:-a100:2}" -- python examples/train_numpy.py
show flowkit ps
show flowkit logs --tail 2 demo
