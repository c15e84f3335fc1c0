"""Records numbered messages until killed; prints each number once it may count on it.

A message is announced when it was offered at least `AGE_S` and `TURNS` messages ago: what is
announced must survive. Where a busy machine stops the whole process, its threads get their turns
before anything is announced.
"""

import sys
import time
from collections import deque
from pathlib import Path

from support.recorder_rig import COLOR, JOINTS, image, joint_state, recorder, request

from teleop_collect.clock import SystemClock

AGE_S = 1.0
TURNS = 100


def main(root: Path) -> None:
    clock = SystemClock()
    core = recorder(root, clock=clock, chunk_bytes=65536)
    core.start(request(rig_check={"result": "pass", "at_ns": clock.utc_ns()}))
    waiting: deque[tuple[float, int]] = deque()
    number = 0
    while True:
        now = clock.utc_ns()
        core.offer(JOINTS, joint_state(now, number), now, now, number + 1)
        if number % 7 == 0:
            core.offer(COLOR, image(now, bytes(3000)), now, now, number // 7 + 1)
        waiting.append((time.monotonic(), number))
        before = time.monotonic() - AGE_S
        while waiting and waiting[0][0] < before and waiting[0][1] <= number - TURNS:
            print(waiting.popleft()[1], flush=True)
        number += 1
        time.sleep(0.005)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
