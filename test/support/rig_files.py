"""A small rig file and robot description of the tests' own, written to a folder."""

from pathlib import Path

from teleop_collect.rig.load import LoadedRig, load_rig

URDF = """<?xml version="1.0"?>
<robot name="two_joints">
  <link name="base"/><link name="upper"/><link name="finger"/><link name="other_finger"/>
  <link name="tool"/>
  <joint name="shoulder" type="revolute">
    <parent link="base"/><child link="upper"/>
    <limit lower="-1.5" upper="1.5" effort="10" velocity="2"/>
  </joint>
  <joint name="gripper" type="prismatic">
    <parent link="upper"/><child link="finger"/>
    <limit lower="0" upper="0.04" effort="5" velocity="0.2"/>
  </joint>
  <joint name="mirror" type="prismatic">
    <parent link="upper"/><child link="other_finger"/>
    <limit lower="0" upper="0.04" effort="5" velocity="0.2"/>
    <mimic joint="gripper" multiplier="1"/>
  </joint>
  <joint name="mount" type="fixed"><parent link="upper"/><child link="tool"/></joint>
</robot>
"""

RIG = """schema: teleop_collect.rig/1
name: tiny
embodiment: two_joints
arms:
  main:
    urdf: robot.urdf
    tool_frame: tool
    joints: [shoulder, gripper]
    home: {shoulder: 0.5}
    leader:
      serial: L1
      port: sim://tiny
      rate_hz: 200
      servos:
        shoulder: {id: 1, model: XL330-M288}
        gripper: {id: 2, model: XL330-M288}
    follower:
      driver: sim
      serial: F1
      rate_hz: 200
    wrench: {rate_hz: 500, frame_id: tool}
    mapping:
      gripper: {scale: 0.04}
    limits:
      shoulder: {lower: -1.0, upper: 1.0, velocity: 1.0}
cameras:
  scene:
    driver: sim
    width: 64
    height: 48
    fovy_rad: 0.9
    mount: {parent: main/upper}
objects:
  cube: {rate_hz: 50}
  bin: {rate_hz: 50}
recording:
  compression: zstd
tasks:
  pick:
    instruction: pick the cube
    success: {object: cube, relative_to: bin, center_m: [0, 0, 0], size_m: [1, 1, 1]}
sim:
  cube: {xyz_m: [0.3, 0.1, 0.02]}
  bin: {xyz_m: [0.3, -0.2, 0.0]}
"""


def write_rig(folder: Path, *edits: tuple[str, str], urdf: str = URDF) -> Path:
    """Write the rig file and its URDF; each edit (old, new) must change exactly one place."""
    text = RIG
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    (folder / "robot.urdf").write_text(urdf)
    path = folder / "tiny.yaml"
    path.write_text(text)
    return path


def load_tiny(folder: Path, *edits: tuple[str, str]) -> LoadedRig:
    """Write and load the small rig."""
    return load_rig(str(write_rig(folder, *edits)))


def line_of(path: Path, text: str) -> int:
    """Number of the only line of a file that holds a text."""
    lines = [i for i, line in enumerate(path.read_text().splitlines(), 1) if text in line]
    assert len(lines) == 1, f"{text!r} stands in lines {lines}"
    return lines[0]
