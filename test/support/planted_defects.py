"""Edits of a synthetic episode: each plants one defect of known place and size."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from support.synthetic_streams import NS, Plan, Sample

Defect = Callable[[Plan], None]


def _inside(plan: Plan, sample: Sample, start_s: float, end_s: float) -> bool:
    return start_s * NS <= sample.stamp_ns - plan.start_ns < end_s * NS


def without_stream(topic: str) -> Defect:
    """The topic is missing from the file; the manifest still knows it as required."""

    def defect(plan: Plan) -> None:
        stream = plan.streams.pop(topic)

        def edit(manifest: dict[str, Any]) -> None:
            entry = dict(next(iter(manifest["streams"].values())))
            entry.update(type=stream.type, expected_hz=stream.expected_hz, received=0, written=0)
            manifest["streams"][topic] = entry

        plan.manifest_edits.append(edit)

    return defect


def gap(topic: str, start_s: float, end_s: float) -> Defect:
    """No samples between two moments."""

    def defect(plan: Plan) -> None:
        stream = plan.streams[topic]
        stream.samples = [s for s in stream.samples if not _inside(plan, s, start_s, end_s)]

    return defect


def keep_each(topic: str, n: int) -> Defect:
    """Only each n-th sample is there: the rate falls to 1/n."""

    def defect(plan: Plan) -> None:
        plan.streams[topic].samples = plan.streams[topic].samples[::n]

    return defect


def drop_each(topic: str, n: int) -> Defect:
    """Each n-th sample is missing."""

    def defect(plan: Plan) -> None:
        stream = plan.streams[topic]
        stream.samples = [s for i, s in enumerate(stream.samples) if i % n != n - 1]

    return defect


def frozen(topic: str, start_s: float, end_s: float) -> Defect:
    """The camera repeats one image under new stamps."""

    def defect(plan: Plan) -> None:
        held = [s for s in plan.streams[topic].samples if _inside(plan, s, start_s, end_s)]
        for sample in held:
            sample.value = held[0].value

    return defect


def filled(topic: str, value: int) -> Defect:
    """All pixels have one value."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            pixels = np.full_like(sample.value["pixels"], value)
            sample.value = {**sample.value, "pixels": pixels}

    return defect


def joint_edit(
    topic: str, joint: str, start_s: float, end_s: float, change: Callable[[float], float]
) -> Defect:
    """Replace one joint's position between two moments."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            if _inside(plan, sample, start_s, end_s):
                column = sample.value["name"].index(joint)
                sample.value["position"][column] = change(sample.value["position"][column])

    return defect


def offset_joint(topic: str, joint: str, by: float) -> Defect:
    return joint_edit(topic, joint, 0.0, math.inf, lambda q: q + by)


def nan_joint(topic: str, joint: str, start_s: float, end_s: float) -> Defect:
    return joint_edit(topic, joint, start_s, end_s, lambda _: math.nan)


def later(topic: str, by_s: float) -> Defect:
    """All stamps of a stream are late by a constant."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams[topic].samples:
            sample.stamp_ns += round(by_s * NS)

    return defect


def uneven(topic: str, by_s: float) -> Defect:
    """A sensor that ticks on a coarse clock: two intervals of three are longer by `by_s`."""

    def defect(plan: Plan) -> None:
        for n, sample in enumerate(plan.streams[topic].samples):
            sample.stamp_ns += round(n % 3 * by_s * NS)

    return defect


def swapped_stamps(topic: str, position: int) -> Defect:
    """Two neighbouring samples have each other's stamp."""

    def defect(plan: Plan) -> None:
        a, b = plan.streams[topic].samples[position : position + 2]
        a.stamp_ns, b.stamp_ns = b.stamp_ns, a.stamp_ns

    return defect


def repeated_stamp(topic: str, position: int) -> Defect:
    """A sample has the stamp of the one before."""

    def defect(plan: Plan) -> None:
        before, sample = plan.streams[topic].samples[position - 1 : position + 1]
        sample.stamp_ns = before.stamp_ns

    return defect


def status_values(start_s: float, end_s: float, **values: str) -> Defect:
    """Teleoperation reports these values between two moments."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams["/teleop/status"].samples:
            if _inside(plan, sample, start_s, end_s):
                sample.value = {**sample.value, "values": {**sample.value["values"], **values}}

    return defect


def dead_wrench() -> Defect:
    """The force-torque sensor repeats one value."""

    def defect(plan: Plan) -> None:
        for sample in plan.streams["/follower/wrench"].samples:
            sample.value = {"force": np.zeros(3), "torque": np.zeros(3)}

    return defect


def manifest_value(value: Any, *keys: str) -> Defect:
    """One entry of the manifest is set to `value`."""

    def edit(manifest: dict[str, Any]) -> None:
        place = manifest
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return lambda plan: plan.manifest_edits.append(edit)


def manifest_without(key: str) -> Defect:
    return lambda plan: plan.manifest_edits.append(lambda manifest: manifest.pop(key))


def truncated(keep_bytes: int) -> Defect:
    """The file ends after `keep_bytes` bytes (from its end when negative)."""

    def edit(path: Path) -> None:
        path.write_bytes(path.read_bytes()[:keep_bytes])

    return lambda plan: plan.file_edits.append(edit)


def flipped_bit(share: float) -> Defect:
    """One bit is wrong at this share of the file's length."""

    def edit(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(len(data) * share)] ^= 1
        path.write_bytes(data)

    return lambda plan: plan.file_edits.append(edit)
