"""The durability bench for long: 200 kills and 10 full disks of each kind (about 30 minutes).

python bench/soak/recorder_kills.py [--kills 200] [--load two_cameras]
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recorder_durability import parser, run

if __name__ == "__main__":
    options = parser()
    options.set_defaults(kills=200, disks=10, latest_s=6.0)
    raise SystemExit(run("soak_recorder_kills", options.parse_args()))
