#!/usr/bin/env bash
# Runs docker-compose 1.29, which it puts into .venv/compose if it is not there: compose.sh config
# `compose.sh --install` does no more than that.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

place=$root/.venv/compose
packages=$root/scripts/compose-packages.txt
stamp=$place/made-from

if ! cmp --silent "$packages" "$stamp" || ! "$place/bin/python" --version >/dev/null 2>&1; then
    echo "Installing docker-compose 1.29 into .venv/compose" >&2
    python=$root/.venv/bin/python
    [ -x "$python" ] || python=$("$root/scripts/python.sh")
    "$python" -m venv --clear "$place"
    if ! "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --requirement "$packages" >&2; then
        echo "It could not be installed: pip says why above." >&2
        exit 1
    fi
    cp "$packages" "$stamp"
fi
[ "${1:-}" != --install ] || exit 0
# Its settings are those of the files that it is asked about, not of this shell.
exec env -u COMPOSE_FILE -u COMPOSE_PROFILES -u COMPOSE_PROJECT_NAME \
    "$place/bin/docker-compose" "$@"
