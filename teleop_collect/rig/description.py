"""The robot description of an arm: where its URDF is, its joints and links, its limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.hashes import combined_sha256, sha256_bytes
from teleop_collect.rig.problem import suggestion
from teleop_collect.rig.share import share_dir
from teleop_collect.rig.urdf import (
    MAX_BYTES,
    MOVING,
    XACRO_ADVICE,
    UrdfJoint,
    parse_joint,
    parse_urdf,
)

BUILTIN = "builtin:"


@dataclass(frozen=True)
class RobotDescription:
    """What a URDF says, as far as collecting data needs it.

    Attributes:
        path: the file.
        name: the robot's name.
        joints: all joints by name, in file order.
        links: names of all links.
        text: the file's text.
        sha256: hash of the file's bytes, hex.
    """

    path: Path
    name: str
    joints: Mapping[str, UrdfJoint]
    links: frozenset[str]
    text: str
    sha256: str

    @property
    def root(self) -> str:
        """The one link that hangs on no joint.

        Raises:
            ConfigError: there are several, or none.
        """
        roots = sorted(self.links - {joint.child for joint in self.joints.values()})
        if len(roots) != 1:
            raise ConfigError(f"{self.path}: a robot has one root link, this has {roots}")
        return roots[0]

    @classmethod
    def from_urdf(cls, path: Path) -> "RobotDescription":
        """Read a URDF file.

        Raises:
            ConfigError: unreadable, a xacro file, XML with a DTD or entities, or no valid URDF.
        """
        if path.name.endswith(".xacro"):
            raise ConfigError(f"{path}: {XACRO_ADVICE}")
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        return cls.from_bytes(raw, path)

    @classmethod
    def from_bytes(cls, raw: bytes, path: Path) -> "RobotDescription":
        """Read URDF text, for instance one received as `robot_description`.

        Args:
            raw: the XML.
            path: what messages call it.

        Raises:
            ConfigError: see `from_urdf`.
        """
        root = parse_urdf(raw, path)
        links = frozenset(str(link.get("name", "")) for link in root.findall("link"))
        joints: dict[str, UrdfJoint] = {}
        for element in root.findall("joint"):
            joint = parse_joint(element, path)
            if joint.name in joints:
                raise ConfigError(f"{path}: joint '{joint.name}' is given twice")
            joints[joint.name] = joint
        _check_tree(joints, links, path)
        text = raw.decode("utf-8")
        return cls(path, str(root.get("name", "")), joints, links, text, sha256_bytes(raw))

    def moving_joints(self) -> tuple[str, ...]:
        """Names of joints that can be commanded: revolute, continuous or prismatic, not mimic."""
        return tuple(j.name for j in self.joints.values() if j.type in MOVING and j.mimic is None)


def _check_tree(joints: Mapping[str, UrdfJoint], links: frozenset[str], path: Path) -> None:
    moved_by: dict[str, str] = {}
    for joint in joints.values():
        where = f"{path}: joint '{joint.name}'"
        for end in (joint.parent, joint.child):
            if end not in links:
                raise ConfigError(f"{where}: no such link '{end}'{suggestion(end, links)}")
        if (other := moved_by.setdefault(joint.child, joint.name)) != joint.name:
            raise ConfigError(f"{where}: link '{joint.child}' is already moved by '{other}'")
        if joint.mimic is not None and joint.mimic.joint not in joints:
            name = joint.mimic.joint
            raise ConfigError(
                f"{where}: no such joint to mimic: '{name}'{suggestion(name, joints)}"
            )


@dataclass(frozen=True)
class JointBounds:
    """What commands to one joint must keep to: rad and rad/s, or m and m/s; may be infinite.

    A URDF says nothing of acceleration and jerk; None where the rig file does not either.
    """

    lower: float
    upper: float
    velocity: float
    acceleration: float | None = None
    jerk: float | None = None


def resolve_urdf(urdf: str, rig_path: Path | None) -> Path:
    """The file that an arm's `urdf` means.

    Args:
        urdf: `builtin:NAME`, an absolute path, or a path relative to the rig file.
        rig_path: the rig file; None stands for the working directory.

    Raises:
        ConfigError: no such file, or a URL.
    """
    if urdf.startswith(BUILTIN):
        return _builtin(urdf.removeprefix(BUILTIN))
    if "://" in urdf:
        raise ConfigError("a URL is not followed; give the path of a URDF file, or builtin:NAME")
    folder = Path.cwd() if rig_path is None else rig_path.parent
    path = folder / Path(urdf).expanduser()
    if not path.is_file():
        raise ConfigError(f"no such file: {path}")
    return path.resolve()


def _builtin(name: str) -> Path:
    shipped = {path.stem: path for path in (share_dir() / "config" / "urdf").glob("*.urdf")}
    if name not in shipped:
        listed = ", ".join(sorted(shipped))
        raise ConfigError(
            f"no robot description of that name ships{suggestion(name, shipped)} "
            f"(shipped: {listed})"
        )
    return shipped[name]


def descriptions_of(rig: Rig, rig_path: Path | None) -> dict[str, RobotDescription]:
    """The robot description of every arm, by the arm's name.

    Raises:
        ConfigError: a description is missing or wrong.
    """
    return {
        name: RobotDescription.from_urdf(resolve_urdf(arm.urdf, rig_path))
        for name, arm in rig.arms.items()
    }


def urdf_sha256(rig: Rig, rig_path: Path | None) -> str:
    """Hash of the rig's robot descriptions as they are on disk now, hex.

    Raises:
        ConfigError: a description cannot be read.
    """
    paths = [resolve_urdf(arm.urdf, rig_path) for arm in rig.arms.values()]
    try:
        return combined_sha256(sha256_bytes(path.read_bytes()) for path in paths)
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be read: {error.strerror}") from None


def effective_limits(arm: Arm, description: RobotDescription) -> dict[str, JointBounds]:
    """Bounds of every commanded joint: of URDF and rig file the narrower, in `arm.joints` order.

    `teleop.velocity_scale` and `teleop.position_margin_rad` are not applied here: they belong to
    teleoperation, which takes them off these bounds.

    Raises:
        ConfigError: a commanded joint is not in the description.
    """
    bounds = {}
    for name in arm.joints:
        joint = description.joints.get(name)
        if joint is None:
            raise ConfigError(f"{description.path}: no joint '{name}'")
        bounds[name] = _narrower(joint, arm, name)
    return bounds


def _narrower(joint: UrdfJoint, arm: Arm, name: str) -> JointBounds:
    limit = arm.limits.get(name)
    if limit is None:
        return JointBounds(joint.lower, joint.upper, joint.velocity, None)
    lower = joint.lower if limit.lower is None else max(limit.lower, joint.lower)
    upper = joint.upper if limit.upper is None else min(limit.upper, joint.upper)
    velocity = joint.velocity if limit.velocity is None else min(limit.velocity, joint.velocity)
    return JointBounds(lower, upper, velocity, limit.acceleration, limit.jerk)
