"""Episodes on a time grid, made in memory; every image says which episode and step it is."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from teleop_collect.export.steps import CameraSteps, EpisodeSource, EpisodeSteps, NamedArray

JOINTS = ("shoulder.pos", "elbow.pos", "gripper.pos")
WRENCH = ("force_x", "force_y", "force_z", "torque_x", "torque_y", "torque_z")
BITS = 8
START_NS = 1_795_166_400_000_000_000


def coded_image(
    episode: int, step: int, width: int = 64, height: int = 48, shade: int = 255
) -> np.ndarray:
    """Bars of the binary digits of the step (upper half) and of the episode (lower half)."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    bar = width // BITS
    for bit in range(BITS):
        columns = slice(bit * bar, (bit + 1) * bar)
        image[: height // 2, columns] = shade * (step >> bit & 1)
        image[height // 2 :, columns] = shade * (episode >> bit & 1)
    return image


def read_code(image: np.ndarray) -> tuple[int, int]:
    """Episode and step that an image (height, width, 3) in 0..255 says."""
    height, width = image.shape[:2]
    bar = width // BITS
    episode = step = 0
    for bit in range(BITS):
        columns = slice(bit * bar + 1, (bit + 1) * bar - 1)
        step |= int(image[2 : height // 2 - 2, columns].mean() > 100) << bit
        episode |= int(image[height // 2 + 2 : -2, columns].mean() > 100) << bit
    return episode, step


def make_steps(
    number: int = 0,
    length: int = 12,
    *,
    fps: int = 10,
    cameras: tuple[str, ...] = ("scene", "wrist"),
    size: tuple[int, int] = (64, 48),
    joints: tuple[str, ...] = JOINTS,
    instruction: str = "put the cube into the bin",
    success: bool | None = True,
    noise: int = 0,
) -> EpisodeSteps:
    """Episode `number`: state = number * 10 + step + joint / 10, action = state + 0.5.

    Args:
        number: also coded into the images.
        length: steps.
        fps: steps a second.
        cameras: their names; the n-th camera's bars are 40 * n darker.
        size: width and height, px.
        joints: names.
        instruction: the task in words.
        success: label.
        noise: amplitude of noise in the images, to make videos large.
    """
    steps = np.arange(length)[:, None]
    state = number * 10 + steps + np.arange(len(joints)) / 10

    def camera(rank: int) -> CameraSteps:
        def images() -> Iterator[np.ndarray]:
            rng = np.random.default_rng(number)
            for step in range(length):
                image = coded_image(number, step, *size, shade=255 - 40 * rank)
                if noise:
                    grain = rng.integers(0, noise, image.shape)
                    image = np.clip(image.astype(int) + grain, 0, 255).astype(np.uint8)
                yield image

        return CameraSteps(f"/cameras/{cameras[rank]}/color/image_raw", *size, 0, 0, images)

    return EpisodeSteps(
        source=EpisodeSource(
            f"episode-{number}",
            "test_arm",
            "pick",
            instruction,
            success,
            "CC-BY-4.0",
            f"{number:064x}",
        ),
        fps=fps,
        t_ns=START_NS + number * 10**11 + (np.arange(length) * 10**9) // fps,
        observation={
            "state": NamedArray(joints, state),
            "wrench": NamedArray(WRENCH, np.tile(np.arange(6.0), (length, 1)) + number),
        },
        action=NamedArray(joints, state + 0.5),
        cameras={name: camera(rank) for rank, name in enumerate(cameras)},
        skew_ns={"/follower/joint_states": np.arange(length) * 1_000_000},
    )


def with_camera(steps: EpisodeSteps, name: str, camera: CameraSteps) -> EpisodeSteps:
    """The same episode with another camera of that name."""
    return replace(steps, cameras={**steps.cameras, name: camera})
