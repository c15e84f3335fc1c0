"""Do edges of the depth image lie on edges of the colour image?"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from teleop_collect.qa.cameras import color_and_depth
from teleop_collect.qa.evidence import Evidence
from teleop_collect.qa.findings import Check, Layer, Limit, Measure, Remark, Severity
from teleop_collect.qa.images import ImageFacts
from teleop_collect.rig.checks.picture import gradient
from teleop_collect.samples import FloatArray

ComplexArray = NDArray[np.complex128]
MAX_SHIFT_SHARE = 0.02
"""Of the image's width: 13 px of 640."""
MIN_CORRELATION = 0.1
REACH = 24
"""Of the reduced image's pixels, 160 a row."""


def run(evidence: Evidence) -> Iterator[Remark | Measure]:
    """Shift that lays depth edges on colour edges best, summed over images of the episode."""
    for color, depth in color_and_depth(evidence):
        facts = evidence.images[color]
        found = None if facts.is_depth else shift_of(facts, evidence.images[depth])
        if found is None:
            continue
        share, correlation = found
        yield Measure("edge_correlation", correlation, "1", depth)
        if correlation < MIN_CORRELATION:
            continue
        yield Measure("shift_px", share * facts.width, "px", depth)
        if share > MAX_SHIFT_SHARE:
            yield Remark(
                Severity.REVIEW,
                f"depth edges lie {share * facts.width:.1f} px beside colour edges (limit "
                f"{MAX_SHIFT_SHARE * facts.width:.1f} px); the camera's calibration is off",
                depth,
                measured=share * facts.width,
                limit=MAX_SHIFT_SHARE * facts.width,
                unit="px",
            )


def shift_of(color: ImageFacts, depth: ImageFacts) -> tuple[float, float] | None:
    """Shift as a share of the image's width, and the edges' correlation there."""
    spectra: dict[tuple[int, ...], ComplexArray] = {}
    count = 0
    for position in sorted(set(color.small) & set(depth.small)):
        a, b = _edges(color.small[position]), _edges(depth.small[position], jumps=True)
        if a.shape != b.shape or min(a.shape) <= 2 * REACH or not a.any() or not b.any():
            continue
        # Summed before they are transformed back, which is the same for less.
        spectra[a.shape] = spectra.get(a.shape, 0) + np.conj(np.fft.rfft2(b)) * np.fft.rfft2(a)
        count += 1
    if not spectra:
        return None
    total = np.sum([_correlation(spectrum, shape) for shape, spectrum in spectra.items()], axis=0)
    y, x = np.unravel_index(int(np.argmax(total)), total.shape)
    width = next(iter(color.small.values())).shape[1]
    shift = float(np.hypot(int(y) - REACH, int(x) - REACH))
    return shift / width, float(total[y, x]) / count


def _edges(image: FloatArray, *, jumps: bool = False) -> FloatArray:
    """Standardised strength of edges; of depth only jumps between two valid distances."""
    strength = gradient(image)
    if jumps:
        holes = image <= 0
        near = holes[1:-1, 1:-1] | holes[1:-1, 2:] | holes[1:-1, :-2] | holes[2:, 1:-1]
        strength = np.where(near | holes[:-2, 1:-1], 0.0, strength)
    limit = float(np.percentile(strength, 98))
    strength = np.minimum(strength, limit) if limit > 0 else strength
    spread = float(strength.std())
    return (strength - strength.mean()) / spread if spread > 0 else np.zeros_like(strength)


def _correlation(spectrum: ComplexArray, shape: tuple[int, ...]) -> FloatArray:
    """Mean product of two images for every shift of up to 24 px, shape (49, 49)."""
    full = np.fft.irfft2(spectrum, shape) / np.prod(shape)
    around = np.roll(full, (REACH, REACH), axis=(0, 1))
    found: FloatArray = around[: 2 * REACH + 1, : 2 * REACH + 1]
    return found


CHECK = Check(
    "depth_alignment",
    1,
    Layer.TECHNICAL,
    "argmax of the correlation of depth edges with colour edges; own limits",
    run,
    limits=(
        Limit("shift, of the image's width", 100 * MAX_SHIFT_SHARE, "%"),
        Limit("correlation that tells, at least", MIN_CORRELATION, "1", Severity.INFO),
    ),
)
