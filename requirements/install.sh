#!/bin/sh
# Bring .venv up to requirements/$1.txt (core or dev) with the first Python that can; a no-op when it is.
cd "$(dirname "$0")/.." || exit 1

for set in "$1" dev; do # dev includes core
    cmp -s "requirements/$set.txt" ".venv/$set.installed" 2>/dev/null && .venv/bin/python -c '' 2>/dev/null && exit 0
done

fail() {
    printf 'CSpace: %s\n' "$1" >&2
    exit 1
}
[ -w . ] || fail "this folder cannot be written to: copy it to one that can, then run make there"

# A candidate is executed, not looked for: a version manager's shim may be on PATH and fail when run.
pythons="${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 /usr/bin/python3}"
for python in $pythons; do
    "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        exec "$python" requirements/install.py "$1"
done
for python in $pythons; do
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null &&
        fail "$python has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv), then run make again"
done
fail "no Python 3.11 or newer among: $pythons. Install one, or name it: make run PYTHON=/path/to/python3"
