"""The robot description (URDF): joints, links and limits by name.

Only plain URDF is read, safely: no DTD, no entities, no includes, no meshes. Reference for the
format: https://wiki.ros.org/urdf/XML/joint
"""

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Arm, Rig
from teleop_collect.rig.hashes import combined_sha256, sha256_bytes
from teleop_collect.rig.problem import suggestion
from teleop_collect.rig.share import share_dir

MAX_BYTES = 16 << 20
BUILTIN = "builtin:"
MOVING = ("revolute", "continuous", "prismatic")
_TYPES = (*MOVING, "fixed", "floating", "planar")


@dataclass(frozen=True)
class Mimic:
    """This joint's position = multiplier * position of `joint` + offset."""

    joint: str
    multiplier: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class UrdfJoint:
    """One joint of a URDF; rad, rad/s, Nm for revolute joints, m, m/s, N for prismatic ones.

    Attributes:
        name: the joint's name.
        type: revolute, continuous, prismatic, fixed, floating or planar.
        parent: link that carries it.
        child: link that it moves.
        lower: lowest position; -inf where the URDF has no limit.
        upper: highest position; inf where the URDF has no limit.
        velocity: highest speed; inf where the URDF has no limit.
        effort: highest torque or force; inf where the URDF has no limit.
        mimic: the joint that this one follows, or None.
    """

    name: str
    type: str
    parent: str
    child: str
    lower: float
    upper: float
    velocity: float
    effort: float
    mimic: Mimic | None


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

    @classmethod
    def from_urdf(cls, path: Path) -> "RobotDescription":
        """Read a URDF file.

        Raises:
            ConfigError: unreadable, a xacro file, XML with a DTD or entities, or no valid URDF.
        """
        if path.name.endswith(".xacro"):
            raise ConfigError(f"{path}: {_XACRO}")
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
        root = _parse(raw, path)
        links = frozenset(str(link.get("name", "")) for link in root.findall("link"))
        joints: dict[str, UrdfJoint] = {}
        for element in root.findall("joint"):
            joint = _joint(element, path)
            if joint.name in joints:
                raise ConfigError(f"{path}: joint '{joint.name}' is given twice")
            for end in (joint.parent, joint.child):
                if end not in links:
                    raise ConfigError(
                        f"{path}: joint '{joint.name}': no such link '{end}'"
                        f"{suggestion(end, links)}"
                    )
            joints[joint.name] = joint
        text = raw.decode("utf-8")
        return cls(path, str(root.get("name", "")), joints, links, text, sha256_bytes(raw))

    def moving_joints(self) -> tuple[str, ...]:
        """Names of joints that can be commanded: revolute, continuous or prismatic, not mimic."""
        return tuple(j.name for j in self.joints.values() if j.type in MOVING and j.mimic is None)


@dataclass(frozen=True)
class JointBounds:
    """What commands to one joint must keep to: rad and rad/s, or m and m/s; may be infinite.

    A URDF says nothing of acceleration; None where the rig file does not either.
    """

    lower: float
    upper: float
    velocity: float
    acceleration: float | None = None


_XACRO = "this is a xacro file; expand it first: xacro FILE.urdf.xacro > FILE.urdf"
_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


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
        raise ConfigError(f"'{urdf}' is a URL; give the path of a URDF file, or builtin:NAME")
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
    return JointBounds(lower, upper, velocity, limit.acceleration)


def _parse(raw: bytes, path: Path) -> ET.Element:
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    if _FORBIDDEN.search(raw):
        raise ConfigError(f"{path}: a DOCTYPE or ENTITY is not allowed in a robot description")
    if b"www.ros.org/wiki/xacro" in raw or b"<xacro:" in raw:
        raise ConfigError(f"{path}: {_XACRO}")
    try:
        root = ET.fromstring(text)  # noqa: S314 - see _FORBIDDEN
    except (ET.ParseError, LookupError, ValueError) as error:
        raise ConfigError(f"{path}: not XML: {error}") from None
    if root.tag != "robot":
        raise ConfigError(f"{path}: not a URDF: the root element is <{root.tag}>, not <robot>")
    return root


def _joint(element: ET.Element, path: Path) -> UrdfJoint:
    name = str(element.get("name", ""))
    kind = str(element.get("type", ""))
    where = f"{path}: joint '{name}'"
    if kind not in _TYPES:
        raise ConfigError(f"{where}: type '{kind}' is none of {', '.join(_TYPES)}")
    limit = element.find("limit")
    if limit is None and kind in ("revolute", "prismatic"):
        raise ConfigError(f"{where}: a {kind} joint needs a <limit>")
    bounded = limit is not None and kind in ("revolute", "prismatic")
    lower = _number(limit, "lower", 0.0, where) if bounded else -math.inf
    upper = _number(limit, "upper", 0.0, where) if bounded else math.inf
    if lower > upper:
        raise ConfigError(f"{where}: lower limit {lower:g} is above upper limit {upper:g}")
    return UrdfJoint(
        name=name,
        type=kind,
        parent=_link(element, "parent", where),
        child=_link(element, "child", where),
        lower=lower,
        upper=upper,
        velocity=_number(limit, "velocity", math.inf, where),
        effort=_number(limit, "effort", math.inf, where),
        mimic=_mimic(element.find("mimic"), where),
    )


def _link(element: ET.Element, end: str, where: str) -> str:
    link = element.find(end)
    name = None if link is None else link.get("link")
    if not name:
        raise ConfigError(f"{where}: <{end} link=...> is missing")
    return name


def _mimic(element: ET.Element | None, where: str) -> Mimic | None:
    if element is None:
        return None
    joint = element.get("joint")
    if not joint:
        raise ConfigError(f"{where}: <mimic joint=...> is missing")
    multiplier = _number(element, "multiplier", 1.0, where)
    return Mimic(joint, multiplier, _number(element, "offset", 0.0, where))


def _number(element: ET.Element | None, attribute: str, default: float, where: str) -> float:
    text = None if element is None else element.get(attribute)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f'{where}: {attribute}="{text}" is not a finite number')
    return value
