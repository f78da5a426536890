#!/usr/bin/env bash
# Create the project's virtual environment, or bring it up to date.
#
#   scripts/create_venv.sh PYTHON DIRECTORY
set -euo pipefail

python=$1
venv=$2

if ! command -v "$python" >/dev/null; then
    echo "flowkit needs Python 3.11 or newer, and there is no '$python' here." >&2
    echo "On Debian or Ubuntu: apt-get install python3 python3-venv; else: make PYTHON=/path/to/python" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "flowkit needs Python 3.11 or newer; '$python' is $("$python" --version)." >&2
    echo "Name another one: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi
# Debian splits ensurepip off; without it `venv` leaves half an environment behind.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "'$python' cannot create virtual environments: its venv module is not installed." >&2
    echo "On Debian or Ubuntu: apt-get install python$version-venv" >&2
    exit 1
fi

# An environment whose Python has moved or that was left half made is made anew.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear "$venv"
fi
pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input --quiet)
echo "Setting up $venv ..." >&2
"${pip[@]}" install 'pip>=25.1' # the first that reads dependency groups
"${pip[@]}" install --group dev --editable '.[gateway]'
