#!/usr/bin/env bash
# Sets up what the tests need, then runs linters, type checks and tests. Arguments go to pytest.
# Four files at a time, on two cores as well: most tests wait for boards, compilers and clusters of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/python -m pytest -n 4 --dist loadfile "$@"
