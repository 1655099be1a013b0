#!/bin/sh
# Installs the dependencies of package-lock.json where they are not installed yet, for the scripts that work on a fresh
# clone: `sh scripts/build/setup.sh && node …` then runs the Node that came with them.
set -eu
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo 'Installing dependencies (about a minute, once) …' >&2
  npm ci --include=dev --no-audit --no-fund --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
