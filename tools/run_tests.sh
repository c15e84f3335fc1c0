#!/usr/bin/env bash
# Runs all tests, or pytest with the arguments given.
#
# First what needs no ROS graph, a file on each core; then single nodes, two files at once. What runs a
# rig's control in real time has the machine for itself.
# Usage: tools/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
shift

if [ $# -gt 0 ]; then
  exec "$python" -m pytest "$@"
fi
status=0
"$python" -m pytest -n auto --dist loadfile --ignore=test/nodes --ignore=test/graphs || status=1
"$python" -m pytest -n 2 --dist loadfile test/nodes || status=1
"$python" -m pytest test/graphs || status=1
exit $status
