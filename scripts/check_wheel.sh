#!/usr/bin/env bash
# Build the sdist and, from it, the wheel; install the wheel into empty environments outside the
# tree and use it as a new user would.
#
#   scripts/check_wheel.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."

python=$1
scratch=$(mktemp -d)
export FLOWKIT_HOME=$scratch/home
unset FLOWKIT_API_URL FLOWKIT_API_KEY FLOWKIT_PROJECT FLOWKIT_PROFILE PYTHONPATH

finish() {
    if [ -x "$scratch/full/bin/flowkit" ]; then
        "$scratch/full/bin/flowkit" gateway stop >/dev/null 2>&1 || true
    fi
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "wheel-check: $*" >&2
    exit 1
}
install() { # DIRECTORY REQUIREMENT
    "$python" -m venv "$scratch/$1"
    "$scratch/$1/bin/python" -m pip --disable-pip-version-check --no-input --quiet install "$2"
}

.venv/bin/python -m build --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 ||
    { cat "$scratch/build.log" >&2; fail "the build failed"; }
wheel=$(echo "$scratch"/dist/*.whl)
version=$(.venv/bin/python -c 'import flowkit; print(flowkit.__version__)')
echo "Built $(basename "$wheel")."

# Outside the tree, so that nothing is found in the working directory.
cd "$scratch"

install full "$wheel[gateway]"
mkdir "$FLOWKIT_HOME"
output=$(full/bin/flowkit run -- echo ok </dev/null)
[ "$output" = ok ] || fail "'flowkit run -- echo ok' printed '$output'"
status=0
full/bin/flowkit run -- bash -c 'exit 7' </dev/null || status=$?
[ "$status" = 7 ] || fail "the exit code 7 of a task arrived as $status"
full/bin/flowkit gateway stop >/dev/null 2>&1
echo "With the gateway: a task ran, and its exit code arrived."

install client "$wheel"
FLOWKIT_HOME=$scratch/empty
client/bin/python -c 'import flowkit; flowkit.Flow; flowkit.TaskConfig'
output=$(client/bin/flowkit --version)
[[ $output == *"$version"* ]] || fail "'flowkit --version' printed '$output', not $version"
if output=$(client/bin/flowkit run -- echo ok </dev/null 2>&1); then
    fail "'flowkit run' without the gateway extra succeeded: '$output'"
fi
[[ $output == *"flowkit-gpu[gateway]"* ]] || fail "no hint to the gateway extra in: '$output'"
[[ $output != *Traceback* ]] || fail "a traceback instead of a hint: '$output'"
echo "Without the gateway: the client works, and 'flowkit run' says what is missing."
