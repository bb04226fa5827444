#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing, as root or by sudo.
set -euo pipefail

missing=()
for package in "$@"; do
    state=$(dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

say_missing() {
    echo "Missing on this machine: ${missing[*]}" >&2
    echo "$1" >&2
    exit 1
}
command -v apt-get >/dev/null 2>&1 ||
    say_missing "There is no apt-get here; install what these Debian packages hold by hand."

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
        say_missing "Run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
    # Without a terminal sudo must not wait for a password that nobody types.
    [ -t 0 ] || as_root=(sudo -n)
fi

echo "Installing for Tocsin: ${missing[*]}" >&2
install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet
    --no-install-recommends "${missing[@]}")
# The lists may be absent (a fresh container) or old, so a failure is tried once more with new ones.
"${as_root[@]}" "${install[@]}" </dev/null >/dev/null 2>&1 ||
    { "${as_root[@]}" apt-get update --quiet >/dev/null &&
        "${as_root[@]}" "${install[@]}" >/dev/null; } ||
    say_missing "apt-get could not install them; its words stand above."
