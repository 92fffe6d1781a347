#!/usr/bin/env bash
# Sets up what the tests need, then runs linters, type checks and tests. Arguments go to pytest.
# Two files at a time: most tests wait for boards, compilers and clusters of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh dev
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
exec .venv/bin/python -m pytest -n 2 --dist loadfile "$@"
