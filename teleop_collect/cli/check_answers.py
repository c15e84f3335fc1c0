"""What a rig check node answers, and what it asks of a person."""

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from teleop_collect import topics
from teleop_collect.cli.enter_key import pressed_enter
from teleop_collect.errors import CheckFailed

if TYPE_CHECKING:
    from teleop_collect.nodes.rig_client import Answer, RigClient

POSES_TIMEOUT_S = 300.0
"""After which a person counts as gone."""
POSES = (
    "Put the leader into the follower's posture, joint by joint, then press Enter.",
    "Bring both into another posture, every joint at least 20 degrees away, then press Enter.",
)


def parsed_report(answer: "Answer") -> dict[str, Any]:
    """The report that a check answered with.

    Raises:
        CheckFailed: it answered with something else, such as why it could not check.
    """
    try:
        report = json.loads(answer.message)
    except json.JSONDecodeError:
        raise CheckFailed(f"the rig check could not run: {answer.message}") from None
    if not isinstance(report, dict):
        raise CheckFailed("the rig check answered with something that is no report")
    return report


def asked_poses(client: "RigClient") -> None:
    """Ask a person for two postures and take each, within `POSES_TIMEOUT_S`.

    Raises:
        CheckFailed: the person went away, or an arm is silent; nothing is judged by half.
    """
    end_s = time.monotonic() + POSES_TIMEOUT_S
    for text in POSES:
        if not pressed_enter(text, end_s - time.monotonic()):
            raise CheckFailed("nobody pressed Enter: leader and follower not compared")
        answer = client.trigger(topics.RIG_CHECK_CAPTURE_POSE)
        if not answer.success:
            raise CheckFailed(answer.message)
        print(answer.message, file=sys.stderr)
