"""`replay --to robot`: a whole recorded motion is checked, then driven by a running rig."""

import argparse
import os

from teleop_collect import topics
from teleop_collect.cli.output import print_json
from teleop_collect.episodes.reader import Episode, open_episode
from teleop_collect.episodes.root import find_episode
from teleop_collect.errors import (
    EXIT_BAD,
    EXIT_GOOD,
    CheckFailed,
    ConfigError,
    MissingExtraError,
    UnreadableError,
)
from teleop_collect.rig.load import LoadedRig, load_rig
from teleop_collect.rig.processes import process_environment
from teleop_collect.teleop.replay.plan import ArmPlan, Recorded, plan_replay


def run_robot(args: argparse.Namespace) -> int:
    """Drive an episode's commands again.

    Returns:
        0 when the whole motion was driven, else 1.

    Raises:
        CheckFailed: the motion does not keep a limit, or teleoperation refuses it.
    """
    with open_episode(find_episode(args.episode, args.root)) as episode:
        loaded = load_rig(args.rig or _rig_of(episode))
        plans = plan_replay(loaded, _recorded(episode, loaded), args.speed)
        name = episode.episode_id
    bad = [f"{arm}: {violation}" for arm, plan in plans.items() for violation in plan.violations]
    if bad:
        if args.json:
            print_json({"episode": name, "rig": loaded.rig.name, "refused": bad})
            return EXIT_BAD
        lines = "\n".join(f"  {line}" for line in bad)
        raise CheckFailed(f"{name} is not driven, its motion does not keep every limit:\n{lines}")
    longest_s = max(plan.motion.duration_s for plan in plans.values())
    if not args.json:
        print(f"{name}: {longest_s:.1f} s within all limits; ramp to the start, then the motion")
    result = _drive(loaded, plans)
    if args.json:
        print_json({"episode": name, "rig": loaded.rig.name, "speed": args.speed, **result})
    else:
        _print(result)
    return EXIT_GOOD if result["completed"] else EXIT_BAD


def _rig_of(episode: Episode) -> str:
    rig = (episode.manifest or {}).get("rig")
    if not isinstance(rig, str):
        raise ConfigError("the recording names no rig; say which with --rig")
    return rig


def _recorded(episode: Episode, loaded: LoadedRig) -> dict[str, Recorded]:
    recorded = {}
    for name, arm in loaded.rig.arms.items():
        stream = episode.read(topics.arm_topic(arm.prefix, topics.ACTION_SENT))
        if "position" not in stream.values:
            raise UnreadableError(f"{stream.topic} holds no command; there is nothing to replay")
        recorded[name] = Recorded(stream.names, stream.stamp_ns, stream.values["position"])
    return recorded


def _drive(loaded: LoadedRig, plans: dict[str, ArmPlan]) -> dict[str, object]:
    os.environ.update(process_environment())
    try:
        from teleop_collect.nodes.replay_robot import drive
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "rclpy", "ros") from error
    asked = {name: (p.motion, p.ramp_speeds, p.units) for name, p in plans.items()}
    return drive(loaded, asked)


def _print(result: dict[str, object]) -> None:
    print("driven to the end" if result["completed"] else f"ended early: {result['reason']}")
    if result["holds"]:
        print(f"teleoperation held the arm {result['holds']} times; the motion waited")
    arms = result["arms"]
    assert isinstance(arms, dict)
    for arm, report in arms.items():
        if report is None:
            continue
        print(f"{arm}: sent against measured")
        for joint, t in report["joints"].items():
            lag = "unknown" if t["lag_ms"] is None else f"{t['lag_ms']:.0f} ms"
            print(
                f"  {joint:24} rms {t['rms']:.4f} {t['unit']}  max {t['max']:.4f} {t['unit']} "
                f"at {t['max_at_s']:.2f} s  lag {lag}"
            )
