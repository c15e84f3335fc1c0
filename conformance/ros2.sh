#!/usr/bin/env bash
# Do the real `colcon`, `ros2 run`, `ros2 launch` and `ros2 bag` work with this package? Builds it
# into a temporary workspace, sources that and runs test_ros2_launch.py there; nothing is left.
# `make test` does without it, because ROS's tools are on no package registry.
#
#   source /opt/ros/jazzy/setup.bash
#   conformance/ros2.sh [pytest arguments]          about 4 minutes on two cores
#
# It needs ros2 (launch, run, pkg, service), colcon and pytest, and the package's own dependencies
# in the Python that runs colcon, since executables keep that Python. Exit code 2 names what is
# missing. `ros2 bag` is optional: without it its tests are skipped.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(dirname "$here")
modules="numpy pydantic yaml mcap zstandard lz4 rosbags rich mujoco pinocchio OpenGL dynamixel_sdk serial cv2 pyrealsense2 rclpy"

missing() {
  echo "conformance: $1" >&2
  exit 2
}

command -v ros2 >/dev/null || missing "no ros2 on PATH; source a ROS 2, e.g. /opt/ros/jazzy/setup.bash"
command -v colcon >/dev/null || missing "no colcon on PATH; install colcon-common-extensions"
for verb in launch run pkg service; do
  ros2 "$verb" --help >/dev/null 2>&1 || missing "no 'ros2 $verb'; install ros2$verb of your ROS 2"
done
python3 -c "import pytest" 2>/dev/null || missing "python3 has no pytest; install python3-pytest"

# The first line of colcon names the Python that its executables will run in.
python=$(sed -n '1s/^#! *//p' "$(command -v colcon)")
absent=$($python -c "
import sys
from importlib.util import find_spec
print(*(name for name in sys.argv[1:] if find_spec(name) is None))" $modules)
[ -z "$absent" ] || missing "$python, which runs colcon, lacks: $absent
It needs the package's dependencies: $python -m pip install '$repository[demo,realsense]'"

workspace=$(mktemp -d)
trap 'rm -rf "$workspace"' EXIT
export CONFORMANCE_SOURCE=$repository CONFORMANCE_WORKSPACE=$workspace
cd "$workspace" # so that neither Python nor colcon picks up the checkout's folders
colcon --log-base log build --base-paths "$repository" --packages-select teleop_collect
set +u # colcon's scripts read variables that are not set
source install/setup.bash
set -u
status=0
python3 -m pytest -c "$here/pytest.ini" --rootdir="$here" -o pythonpath="$here" --noconftest \
  --basetemp="$workspace/tmp" "$here/test_ros2_launch.py" "$@" || status=$?
exit $status
