#!/usr/bin/env bash
# Prints the Python that Tocsin's environment is made with; says what is missing when there is none.
set -euo pipefail

fits() { # it runs, and it is a release that Tocsin is tested with
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1
}
makes_environments() { # Debian keeps this part in a package of its own
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

# A name on PATH is not enough: pyenv leaves names there that only print an error.
found=()
for name in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    ! fits "$name" || found+=("$(command -v "$name")")
done
if [ ${#found[@]} -eq 0 ]; then
    {
        echo "Tocsin needs Python 3.11, 3.12 or 3.13, and finds none of them on PATH" \
            "(looked for: ${PYTHON:-python3.13 python3.12 python3.11 python3})."
        echo "On Debian 12: apt-get install python3. Elsewhere: PYTHON=/path/to/python3 make run."
    } >&2
    exit 1
fi

for python in "${found[@]}"; do
    if makes_environments "$python"; then
        echo "$python"
        exit 0
    fi
done

python=${found[0]}
version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
"$(dirname "$0")/debian-install.sh" "$version-venv" >&2
makes_environments "$python" && echo "$python" && exit 0
echo "$python still cannot make an environment: its modules venv and ensurepip are missing." >&2
exit 1
