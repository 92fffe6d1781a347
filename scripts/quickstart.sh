#!/usr/bin/env bash
# From nothing to a finished sweep on a virtual board: sets up, then runs the example experiment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh
exec .venv/bin/mcutune sweep search_spaces/digits/quickstart.yaml "$@"
