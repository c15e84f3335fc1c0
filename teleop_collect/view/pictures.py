"""Camera images: colour as JPEG, depth as it is, both thinned out to a bearable rate."""

from teleop_collect.clock import NS_PER_S
from teleop_collect.episodes.images import IMAGE_TYPES
from teleop_collect.episodes.reader import Episode
from teleop_collect.view.canvas import Canvas

JPEG_QUALITY = 85
MM_PER_M = 1000.0


def draw_images(episode: Episode, canvas: Canvas, image_hz: float) -> None:
    """Images `cameras/NAME/color` and `cameras/NAME/depth`.

    Args:
        episode: opened.
        canvas: drawn on.
        image_hz: at most so many images a second of each stream.
    """
    rr = canvas.rr
    for topic in image_topics(episode):
        path, next_ns = image_path(topic), 0
        for _, log_ns, pixels in episode.iter_images(topic):
            if log_ns < next_ns:
                continue
            next_ns = max(next_ns, log_ns) + int(NS_PER_S / image_hz * 0.9)
            if pixels.ndim == 2 and pixels.dtype != "uint8":
                canvas.at(log_ns, path, rr.DepthImage(pixels, meter=MM_PER_M))
            else:
                canvas.at(log_ns, path, rr.Image(pixels).compress(jpeg_quality=JPEG_QUALITY))


def image_topics(episode: Episode) -> list[str]:
    """All topics with images."""
    return sorted(t for t, i in episode.streams.items() if i.type in IMAGE_TYPES and i.count)


def image_path(topic: str) -> str:
    """Where a topic's images are drawn: `cameras/NAME/color`, `cameras/NAME/depth`."""
    parts = topic.strip("/").split("/")
    kind = "depth" if any("depth" in part.lower() for part in parts) else "color"
    name = parts[parts.index("cameras") + 1] if "cameras" in parts[:-1] else "_".join(parts)
    return f"cameras/{name}/{kind}"
