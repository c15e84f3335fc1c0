#!/usr/bin/env bash
# Runs every Python program of a folder, or one of them, and fails if any of them failed.
# Usage: tools/run_each.sh PYTHON FOLDER [NAME]
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
folder=$2
only=${3:-}

if [ -n "$only" ] && [ ! -f "$folder/$only.py" ]; then
  names=$(find "$folder" -maxdepth 1 -name '[a-z]*.py' -printf '%f\n' 2>/dev/null | sed 's/\.py$//' | sort | tr '\n' ' ')
  echo "run_each: no $folder/$only.py; there are: ${names:-none}" >&2
  exit 2
fi
failed=()
for program in "$folder"/${only:-[a-z]*}.py; do
  [ -f "$program" ] || continue
  echo "== $program"
  "$python" "$program" || failed+=("$program")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "run_each: failed: ${failed[*]}" >&2
  exit 1
fi
