#!/usr/bin/env bash
# Runs all tests, or pytest with the arguments given.
#
# The real graph runs in real time, so its tests have the machine for themselves, one after the other.
# All other tests run before, file by file on each core.
# Usage: tools/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
shift
real_time=(test/cli/test_up.py test/nodes)

if [ $# -gt 0 ]; then
  exec "$python" -m pytest "$@"
fi
status=0
"$python" -m pytest -n auto --dist loadfile "${real_time[@]/#/--ignore=}" || status=1
"$python" -m pytest "${real_time[@]}" || status=1
exit $status
