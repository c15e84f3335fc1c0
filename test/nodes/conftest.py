"""A ROS domain of a test's own, and a node that listens on it."""

import pytest
import rclpy

from teleop_collect.cli.domain import claim_free_domain


@pytest.fixture
def domain(monkeypatch: pytest.MonkeyPatch):
    number, lock = claim_free_domain()
    monkeypatch.setenv("ROS_DOMAIN_ID", str(number))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    yield number
    lock.close()


@pytest.fixture
def listener(domain: int):
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node("viewer_under_test", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)
