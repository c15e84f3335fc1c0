#!/usr/bin/env bash
# Runs all tests, or pytest with the arguments given.
#
# Emulated devices, the real graph and commands run in real time, so they have the machine for
# themselves, one test after the other. All other tests run before, one on each core.
# Usage: tools/run_tests.sh PYTHON [PYTEST_ARGUMENT...]
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
shift
real_time=(test/cli test/devices test/nodes)

if [ $# -gt 0 ]; then
  exec "$python" -m pytest "$@"
fi
status=0
"$python" -m pytest -n auto "${real_time[@]/#/--ignore=}" || status=1
"$python" -m pytest "${real_time[@]}" || status=1
exit $status
