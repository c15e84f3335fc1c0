"""Records one episode with the real LeRobot, in the environment that has it.

`python lerobot_episode.py FRAMES {default,streaming} FOLDER`, by that environment's Python, prints
one JSON line. Two cameras, the images of this folder's load. `default` gets frames as fast as it
takes them; `streaming` at 30 Hz, as a robot gives them.
"""

import json
import sys
import time
from pathlib import Path

import torch

# torchvision's import needs the schemas of two compiled operators, which are never called here.
LIBRARY = torch.library.Library("torchvision", "DEF")
for operator in ("nms", "qnms"):
    LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import av  # noqa: E402
import numpy as np  # noqa: E402
from lerobot.datasets.lerobot_dataset import LeRobotDataset  # noqa: E402
from pictures import picture  # noqa: E402

FPS, WIDTH, HEIGHT, VARIANTS = 30, 640, 480, 5
CAMERAS = ("scene", "wrist")


def main() -> None:
    """Entry point."""
    frames, streaming, folder = int(sys.argv[1]), sys.argv[2] == "streaming", Path(sys.argv[3])
    image = {"dtype": "video", "shape": (HEIGHT, WIDTH, 3), "names": ["height", "width", "channel"]}
    joints = {"dtype": "float32", "shape": (7,), "names": [f"joint_{n}" for n in range(7)]}
    features = {f"observation.images.{name}": image for name in CAMERAS}
    features |= {"observation.state": joints, "action": joints}
    dataset = LeRobotDataset.create(
        "local/load", fps=FPS, features=features, root=folder, streaming_encoding=streaming
    )
    began = time.monotonic()
    for number in range(frames):
        if streaming:
            time.sleep(max(0.0, began + number / FPS - time.monotonic()))
        dataset.add_frame(frame(number))
    added_s = time.monotonic() - began
    began = time.monotonic()
    dataset.save_episode()
    saved_s = time.monotonic() - began
    dataset.finalize()
    print(json.dumps({"save_s": saved_s, "add_s": added_s, "dropped": dropped(folder, frames)}))


PICTURES = [
    np.frombuffer(picture("color", WIDTH, HEIGHT, n, VARIANTS), np.uint8)
    .reshape(HEIGHT, WIDTH, 3)
    .copy()
    for n in range(VARIANTS)
]


def frame(number: int) -> dict[str, object]:
    """What LeRobot is given at one step."""
    image = PICTURES[number % VARIANTS]
    joints = np.full(7, number, np.float32)
    images = {f"observation.images.{name}": image for name in CAMERAS}
    return images | {"observation.state": joints, "action": joints, "task": "record the load"}


def dropped(folder: Path, frames: int) -> int:
    """Images that are not in the videos."""
    held = 0
    for path in folder.rglob("*.mp4"):
        with av.open(str(path)) as video:
            held += sum(1 for packet in video.demux(video=0) if packet.size)
    return len(CAMERAS) * frames - held


if __name__ == "__main__":
    main()
