#!/bin/sh
# The environments of the methods that need one of their own: benchmarks/peers/install.sh [METHOD ...]
# Each is a .txt with pinned packages beside this script; they come to lie in .venv, which git ignores.
set -eu
cd "$(dirname "$0")"
python="${PYTHON:-python3.11}"
[ $# -gt 0 ] || set -- *.txt
for method in "$@"; do
    method="${method%.txt}"
    [ -f "$method.txt" ] || { echo "no $method.txt here; there are: $(echo *.txt)" >&2; exit 2; }
    echo "Installing $method into benchmarks/peers/.venv/$method"
    "$python" -m venv ".venv/$method"
    ".venv/$method/bin/pip" install --quiet --disable-pip-version-check -r "$method.txt"
done
