#!/usr/bin/env bash
# Installs what the folders with a package.json need, as their lock files say.
# Does nothing, quickly, while these are the same as last time. Arguments are folders instead.
set -euo pipefail
cd "$(dirname "$0")/.."

folders=("$@")
[ $# -gt 0 ] || folders=(clients/js tests/node ui)

for folder in "${folders[@]}"; do
    [ -f "$folder/package.json" ] || continue
    stamp=$folder/node_modules/.made-from
    state=$(cd "$folder" && sha256sum package.json package-lock.json)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then
        continue
    fi
    echo "Installing the Node packages of $folder" >&2
    # A half-made folder must not look whole: the stamp comes last, and `ci` begins by removing.
    if ! scripts/npm.sh "$folder" ci --prefer-offline --no-audit --no-fund --loglevel=error >&2; then
        echo "The packages of $folder could not be installed: npm says why above. It needs the" >&2
        echo "network, or npm_config_registry showing where else the packages lie." >&2
        exit 1
    fi
    mkdir -p "$folder/node_modules"
    printf '%s\n' "$state" >"$stamp"
done
