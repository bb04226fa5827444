#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are missing.
set -euo pipefail
cd "$(dirname "$0")"

mapfile -t packages < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' system-packages.txt)
./debian-install.sh "${packages[@]}"
