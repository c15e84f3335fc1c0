"""Which streams belong to one camera, by the names of realsense-ros and image_transport."""

from collections.abc import Iterator

from teleop_collect.qa.evidence import Evidence

COLOR = "/color/image_raw"
ALIGNED_DEPTH = "/aligned_depth_to_color/image_raw"
SIBLINGS = (ALIGNED_DEPTH, "/aligned_depth_to_color/camera_info", "/color/camera_info")
TRANSPORTS = ("", "/compressed", "/compressedDepth")


def color_and_depth(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Topics of colour and aligned depth of each camera that has both."""
    for topic in evidence.images:
        base = topic.removesuffix("/compressed").removesuffix(COLOR)
        if base == topic:
            continue
        for depth in (base + ALIGNED_DEPTH + transport for transport in TRANSPORTS):
            if depth in evidence.images:
                yield topic, depth
