"""What a camera publishes is made for somebody, and compressing holds no image up."""

import os
import threading

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from support.graph import wait_for
from support.lone_recorder import publishing_node

from teleop_collect import topics
from teleop_collect.nodes import camera_topics
from teleop_collect.nodes.camera_topics import WAITING_IMAGES, CameraTopics
from teleop_collect.nodes.polling import PolledSubscription
from teleop_collect.nodes.qos import profile
from teleop_collect.rig.camera_config import RealSenseCamera
from teleop_collect.samples import RgbdSample

SENT = 20
WIDTH, HEIGHT = 16, 16
NAME = f"camera_{os.getpid()}"
"""Of this test run alone: it has no ROS domain of its own."""
COLOR, DEPTH = topics.color_topic(NAME), topics.depth_topic(NAME)
JPEG, PNG = topics.compressed(COLOR), topics.compressed_depth(DEPTH)


class Encoder:
    """Stands in for both encoders; notes who called it, and can be held up."""

    def __init__(self, monkeypatch) -> None:
        self.calls: list[tuple[str, int]] = []
        self.free = threading.Event()
        self.free.set()
        for name in ("jpeg", "compressed_depth"):
            monkeypatch.setattr(camera_topics, name, self._counted(getattr(camera_topics, name)))

    def _counted(self, encode):
        def counted(image):
            self.calls.append((encode.__name__, threading.get_ident()))
            assert self.free.wait(20)
            return encode(image)

        return counted


@pytest.fixture
def encoder(monkeypatch):
    encoder = Encoder(monkeypatch)
    yield encoder
    encoder.free.set()


@pytest.fixture
def node():
    with publishing_node() as node:
        yield node


@pytest.fixture
def camera(node, encoder):
    config = RealSenseCamera(driver="realsense", serial="1", width=WIDTH, height=HEIGHT)
    camera = CameraTopics(node, NAME, config)
    yield camera
    encoder.free.set()
    camera.close()


def subscribed(node, kind: type, topic: str) -> PolledSubscription:
    found = PolledSubscription(node, kind, topic, profile(topics.IMAGE_QOS, depth=100))
    wait_for(lambda: node.count_subscribers(topic) > 0, 10, f"the subscription of {topic}")
    return found


def publish(camera: CameraTopics, count: int = SENT) -> None:
    color, depth = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.full((HEIGHT, WIDTH), 700, np.uint16)
    for number in range(count):
        camera.publish(RgbdSample(1 + number, color, depth, number))


def test_without_a_subscriber_nothing_is_compressed(node, camera, encoder):
    subscribed(node, Image, COLOR)
    publish(camera)
    camera.close()
    assert encoder.calls == []
    assert camera.published == SENT


@pytest.mark.parametrize(
    ("topic", "encodes"), [(JPEG, "jpeg"), (PNG, "compressed_depth")], ids=["colour", "depth"]
)
def test_what_somebody_subscribes_to_is_compressed_and_nothing_else(
    node, camera, encoder, topic, encodes
):
    viewer = subscribed(node, CompressedImage, topic)
    found: list = []

    def came() -> bool:
        publish(camera, 1)
        found.extend(viewer.drain())
        return bool(found)

    wait_for(came, 10, topic)
    assert {name for name, _ in encoder.calls} == {encodes}


def test_an_encoder_that_is_held_up_delays_no_image(node, camera, encoder):
    raw = subscribed(node, Image, COLOR)
    subscribed(node, CompressedImage, JPEG)
    encoder.free.clear()

    def begun() -> bool:
        publish(camera, 1)
        return bool(encoder.calls)

    wait_for(begun, 10, "the encoder to begin")
    before = camera.published
    publish(camera)
    assert camera.published == before + SENT
    assert camera.not_compressed >= SENT - WAITING_IMAGES
    assert len(encoder.calls) == 1
    assert encoder.calls[0][1] != threading.get_ident()
    came: list = []
    wait_for(lambda: bool(came.extend(raw.drain()) or len(came) >= SENT), 10, "all raw images")
