"""Defects of images: each changes the pixels of one stream."""

from collections.abc import Callable

import numpy as np
from support.synthetic_streams import Plan

Defect = Callable[[Plan], None]
Change = Callable[[np.ndarray], np.ndarray]


def changed(topic: str, change: Change) -> Defect:
    """Every image of a stream goes through a function."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            pixels = sample.value["pixels"]
            sample.value = {**sample.value, "pixels": change(pixels).astype(pixels.dtype)}

    return defect


def dimmed(topic: str, factor: float) -> Defect:
    return changed(topic, lambda pixels: np.clip(pixels * factor, 0, 255))


def blurred(topic: str, width: int) -> Defect:
    """A box filter in both directions."""

    def blur(pixels: np.ndarray) -> np.ndarray:
        image = pixels.astype(np.float64)
        for axis in (0, 1):
            pad = [(0, 0)] * image.ndim
            pad[axis] = (width // 2 + 1, width // 2)
            total = np.cumsum(np.pad(image, pad, mode="edge"), axis=axis)
            count = image.shape[axis]
            upper = np.take(total, np.arange(width, width + count), axis=axis, mode="clip")
            image = (upper - np.take(total, np.arange(count), axis=axis)) / width
        return image

    return changed(topic, blur)


def noisy_depth(topic: str, share: float, seed: int) -> Defect:
    """Distances spread by a share of themselves, anew in each image; holes stay holes."""
    rng = np.random.default_rng(seed)

    def spread(pixels: np.ndarray) -> np.ndarray:
        return pixels * np.clip(1.0 + rng.normal(0.0, share, pixels.shape), 0.1, 2.0)

    return changed(topic, spread)


def shifted(topic: str, share: float) -> Defect:
    """All rows are moved sideways by a share of the width."""
    return changed(topic, lambda pixels: np.roll(pixels, round(share * pixels.shape[1]), axis=1))


def holes(topic: str, share: float, seed: int) -> Defect:
    """Distances are missing at random places."""
    rng = np.random.default_rng(seed)
    return changed(topic, lambda pixels: np.where(rng.random(pixels.shape) < share, 0, pixels))


def repeated(topic: str) -> Defect:
    """Every second image is the one before."""

    def defect(plan: Plan) -> None:
        samples = plan.streams[topic].samples
        for before, sample in zip(samples[::2], samples[1::2], strict=False):
            sample.value = before.value

    return defect
