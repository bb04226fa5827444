#!/usr/bin/env bash
# Format, lint, types, architecture and docs; goes through all of them and fails if one did.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

bin=.venv/bin
folders=(src tests scripts)
[ ! -d bench ] || folders+=(bench)
docs=(tests/test_architecture.py tests/test_layout.py)
[ ! -d tests/docs ] || docs+=(tests/docs)
failed=()

step() { # a name, then the command
    echo "--- $1"
    "${@:2}" || failed+=("$1")
}
# In a fresh clone mypy takes as long as all the others, and one core: it works beside them.
said=$(mktemp)
"$bin/mypy" "${folders[@]}" >"$said" 2>&1 &
mypy=$!
trap 'rm -f "$said"; kill "$mypy" 2>/dev/null' EXIT
types() {
    local code=0
    wait "$mypy" || code=$?
    cat "$said"
    return "$code"
}
step format "$bin/ruff" format --check --quiet "${folders[@]}"
step lint "$bin/ruff" check --quiet "${folders[@]}"
step "architecture and docs" "$bin/python" -m pytest --quiet "${docs[@]}"
step "pages made from code" "$bin/python" scripts/docs.py --check
step "types of clients/js" scripts/npm.sh clients/js run --silent check
step "types of the screens" scripts/npm.sh ui run --silent check
step types types

if [ ${#failed[@]} -gt 0 ]; then
    printf 'make check failed in: %s\n' "$(IFS=,; echo "${failed[*]}")" >&2
    exit 1
fi
echo "make check: all good"
