#!/usr/bin/env bash
# Fail unless every generated path is committed as it stands now; run it after regenerating.
set -euo pipefail
cd "$(dirname "$0")/.."

changes=$(git status --porcelain --untracked-files=all -- \
    generated flowkit/_sync flowkit/transport/_sync)
if [ -n "$changes" ]; then
    echo "Generated code is not what its sources say, or is not committed:" >&2
    echo "$changes" >&2
    echo "Run 'make regen' and commit what it writes." >&2
    exit 1
fi
echo "Generated code is fresh."
