"""The node `teleop`, imported and waiting for a line on stdin before it joins the graph.

    python -m teleop_load.ready_teleop --ros-args ...

Saves the time of importing where a node is started fifty times.
"""

import sys

from teleop_collect.nodes.teleop import main

if __name__ == "__main__":
    sys.stdin.readline()
    raise SystemExit(main())
