"""Parses URDF text into its joints, safely: no DTD, no entities, no includes, no meshes.

Only plain URDF is read. Reference for the format: https://wiki.ros.org/urdf/XML/joint
"""

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from teleop_collect.errors import ConfigError

MAX_BYTES = 16 << 20
MOVING = ("revolute", "continuous", "prismatic")
XACRO_ADVICE = "this is a xacro file; expand it first: xacro FILE.urdf.xacro > FILE.urdf"

_TYPES = (*MOVING, "fixed", "floating", "planar")
_FORBIDDEN = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


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
        velocity: highest speed; inf where the URDF has no limit, or 0, which exporters write for
            "not known".
        effort: highest torque or force; inf where the URDF has no limit.
        mimic: the joint that this one follows, or None.
        xyz: where the joint is in its parent, m.
        rpy: how it is turned in its parent, rad about fixed axes.
        axis: about or along which it moves.
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
    xyz: tuple[float, ...] = (0.0, 0.0, 0.0)
    rpy: tuple[float, ...] = (0.0, 0.0, 0.0)
    axis: tuple[float, ...] = (1.0, 0.0, 0.0)


def parse_urdf(raw: bytes, path: Path) -> ET.Element:
    """The root element of a URDF.

    Args:
        raw: the XML, UTF-8.
        path: what messages call it.

    Raises:
        ConfigError: too large, not UTF-8, a xacro file, XML with a DTD or entities, or no URDF.
    """
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    if _FORBIDDEN.search(text):
        raise ConfigError(f"{path}: a DOCTYPE or ENTITY is not allowed in a robot description")
    if "www.ros.org/wiki/xacro" in text or "<xacro:" in text:
        raise ConfigError(f"{path}: {XACRO_ADVICE}")
    try:
        root = ET.fromstring(text)  # noqa: S314 - see _FORBIDDEN
    except (ET.ParseError, LookupError, ValueError) as error:
        raise ConfigError(f"{path}: not XML: {error}") from None
    if root.tag != "robot":
        raise ConfigError(f"{path}: not a URDF: the root element is <{root.tag}>, not <robot>")
    return root


def parse_joint(element: ET.Element, path: Path) -> UrdfJoint:
    """One `<joint>` element.

    Raises:
        ConfigError: a part is missing or is no finite number.
    """
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
        velocity=_number(limit, "velocity", math.inf, where) or math.inf,
        effort=_number(limit, "effort", math.inf, where),
        mimic=_mimic(element.find("mimic"), where),
        xyz=_three(element.find("origin"), "xyz", (0.0, 0.0, 0.0), where),
        rpy=_three(element.find("origin"), "rpy", (0.0, 0.0, 0.0), where),
        axis=_three(element.find("axis"), "xyz", (1.0, 0.0, 0.0), where),
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


def _three(
    element: ET.Element | None, attribute: str, default: tuple[float, ...], where: str
) -> tuple[float, ...]:
    text = None if element is None else element.get(attribute)
    if text is None:
        return default
    try:
        values = tuple(float(part) for part in text.split())
    except ValueError:
        values = ()
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise ConfigError(f'{where}: {attribute}="{text}" is not three finite numbers')
    return values
