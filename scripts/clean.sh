#!/usr/bin/env bash
# Removes the environment and what tools left behind. ./data stays: it may be somebody's journal.
set -euo pipefail
cd "$(dirname "$0")/.."

rm -rf .venv build dist reports .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache
rm -rf clients/js/dist src/tocsin/web/static
rm -rf {clients/js,tests/node,bench/node,ui}/node_modules
find src tests scripts bench -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
