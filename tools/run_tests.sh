#!/usr/bin/env bash
# Runs all tests, or pytest with the arguments given.
#
# First what needs no ROS graph, file by file and more files at once than cores: tests of devices wait
# for their buses most of the time; then single nodes, which wait for discovery. Whole rigs run in real
# time, so each has the machine for itself.
# Usage: tools/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
shift

if [ $# -gt 0 ]; then
  exec "$python" -m pytest "$@"
fi
status=0
"$python" -m pytest -n 3 --dist loadfile --ignore=test/nodes --ignore=test/graphs || status=1
"$python" -m pytest -n 3 --dist loadfile test/nodes || status=1
"$python" -m pytest test/graphs || status=1
exit $status
