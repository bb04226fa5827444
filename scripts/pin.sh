#!/usr/bin/env bash
# Writes constraints.txt anew: the newest release of everything Tocsin and its tests need.
# The lowest Python decides, as the fewest releases are made for it.
set -euo pipefail
cd "$(dirname "$0")/.."

python=$(PYTHON="${PYTHON:-python3.11 python3}" scripts/python.sh)
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT

"$python" -m venv "$room/venv"
"$room/venv/bin/python" -m pip install --quiet --upgrade hatchling ".[dev]"
{
    echo "# The exact releases that Tocsin is tested with, on Python 3.11, 3.12 and 3.13."
    echo "# Made by scripts/pin.sh, not by hand. To install: pip install -c constraints.txt tocsin"
    "$room/venv/bin/python" -m pip freeze --exclude tocsin
} >"$room/constraints.txt"

# An address would tie everybody to one registry, and a file path to one machine.
if grep -nE '://|@' "$room/constraints.txt"; then
    echo "These lines are no plain name==release; constraints.txt is left as it was." >&2
    exit 1
fi
mv "$room/constraints.txt" constraints.txt
