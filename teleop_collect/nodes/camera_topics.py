"""Topics of one camera: raw images, their compressed siblings and CameraInfo.

Only what somebody subscribes to is made. Compressing happens in a thread of its own, so that it
never delays the next image; when it falls behind, the oldest image waiting is left out and counted.
"""

import threading
from collections import deque
from typing import Any

from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from teleop_collect import topics
from teleop_collect.devices.image_encoding import EncodedImage, compressed_depth, jpeg
from teleop_collect.devices.realsense.geometry import NO_DISTORTION, Distortion
from teleop_collect.nodes import conversions
from teleop_collect.nodes.image_cdr import image_cdr, restamped
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.calibration.values import CameraIntrinsics
from teleop_collect.rig.config import Camera
from teleop_collect.samples import Intrinsics, RgbdSample

WAITING_IMAGES = 4


class ImageStream:
    """One image topic and its compressed sibling."""

    def __init__(self, node: Node, topic: str, sibling: str, frame_id: str) -> None:
        qos = profile(topics.IMAGE_QOS)
        self.frame_id = frame_id
        self._raw = node.create_publisher(Image, topic, qos)
        self._compressed = node.create_publisher(CompressedImage, sibling, qos)

    def publish(self, stamp_ns: int, encoding: str, pixels: NDArray[Any]) -> None:
        """Publish the raw image, if anybody listens."""
        if self._raw.get_subscription_count():
            self._raw.publish(image_cdr(stamp_ns, self.frame_id, encoding, pixels))

    @property
    def wants_compressed(self) -> bool:
        """Whether anybody listens to the compressed sibling."""
        return bool(self._compressed.get_subscription_count())

    def publish_compressed(self, stamp_ns: int, image: EncodedImage) -> None:
        """Publish an encoded image."""
        message = conversions.compressed_image(stamp_ns, self.frame_id, image.format, image.data)
        self._compressed.publish(message)


class CameraTopics:
    """Publishes one camera's images under realsense-ros's names.

    Attributes:
        published: images taken to publish, whoever listens.
        not_compressed: images that the encoder had no time for.
    """

    def __init__(self, node: Node, name: str, config: Camera) -> None:
        self.name = name
        self.published = 0
        self.not_compressed = 0
        self._info: bytes | None = None
        frame_id = f"{name}_color_optical_frame"
        color, depth = topics.color_topic(name), topics.depth_topic(name)
        self._frame_id = frame_id
        self._color = ImageStream(node, color, topics.compressed(color), frame_id)
        infos = [topics.color_info_topic(name)]
        self._depth: ImageStream | None = None
        if config.depth:
            self._depth = ImageStream(node, depth, topics.compressed_depth(depth), frame_id)
            infos.append(topics.depth_info_topic(name))
        qos = profile(topics.IMAGE_QOS)
        self._infos = [node.create_publisher(CameraInfo, topic, qos) for topic in infos]
        self._waiting: deque[RgbdSample] = deque()
        self._ready = threading.Condition()
        self._closed = False
        self._encoder = threading.Thread(target=self._encode, name=f"encode {name}", daemon=True)
        self._encoder.start()

    def calibrated(
        self,
        intrinsics: Intrinsics,
        applied: CameraIntrinsics | None = None,
        distortion: Distortion = NO_DISTORTION,
    ) -> None:
        """Take the camera's intrinsics; before this, no CameraInfo is published.

        Args:
            intrinsics: of the driver.
            applied: of a calibration file that stands above them.
            distortion: of the driver.
        """
        if applied is None:
            model, coefficients = distortion.ros_model, distortion.coefficients
            info = conversions.camera_info(intrinsics, self._frame_id, model, coefficients)
        else:
            info = conversions.calibrated_camera_info(applied, self._frame_id)
        self._info = serialize_message(info)

    def publish(self, sample: RgbdSample) -> None:
        """Publish colour, depth where there is one, and their CameraInfo with the same stamp."""
        self._color.publish(sample.stamp_ns, "rgb8", sample.color)
        if self._depth is not None and sample.depth_mm is not None:
            self._depth.publish(sample.stamp_ns, "16UC1", sample.depth_mm)
        if self._info is not None:
            info = restamped(self._info, sample.stamp_ns)
            for publisher in self._infos:
                publisher.publish(info)
        if self._color.wants_compressed or (self._depth and self._depth.wants_compressed):
            self._hand_over(sample)
        self.published += 1

    def close(self) -> None:
        """Stop the encoder."""
        with self._ready:
            self._closed = True
            self._ready.notify()
        self._encoder.join(timeout=1.0)

    def _hand_over(self, sample: RgbdSample) -> None:
        with self._ready:
            if len(self._waiting) == WAITING_IMAGES:
                self._waiting.popleft()
                self.not_compressed += 1
            self._waiting.append(sample)
            self._ready.notify()

    def _encode(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                sample = self._waiting.popleft()
            if self._color.wants_compressed:
                self._color.publish_compressed(sample.stamp_ns, jpeg(sample.color))
            depth = self._depth
            if depth is not None and depth.wants_compressed and sample.depth_mm is not None:
                depth.publish_compressed(sample.stamp_ns, compressed_depth(sample.depth_mm))
