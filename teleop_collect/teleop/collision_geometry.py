"""The arm's collision shapes, from the primitives below `<collision>` in its URDF, and distances.

Distances come from coal (the collision library of pinocchio). Meshes are neither read nor replaced.
"""

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from teleop_collect.errors import ConfigError
from teleop_collect.rig.config import Plane
from teleop_collect.rig.description import RobotDescription
from teleop_collect.rig.pinocchio_library import import_pinocchio
from teleop_collect.rig.urdf import UrdfJoint, parse_urdf
from teleop_collect.samples import FloatArray

TABLE = "table"
_SHAPES = ("box", "cylinder", "sphere", "capsule")


class CollisionGeometry:
    """Shapes of one robot, and which links move against each other.

    Args:
        description: the robot.
        joints: in the order of all postures; others stay at zero, mimic joints follow theirs.
        table: half of space that the robot must stay in; None without a table.

    Attributes:
        links: names of the links with shapes, the table's too.

    Raises:
        ConfigError: a shape has no valid size.
        MissingExtraError, MissingSystemLibraryError: see `import_pinocchio`.
    """

    def __init__(
        self, description: RobotDescription, joints: Sequence[str], table: Plane | None
    ) -> None:
        self.pin: Any = import_pinocchio("kinematics")
        self.model = self.pin.buildModelFromXML(description.text)
        self._description = description
        self._by_child = {joint.child: joint for joint in description.joints.values()}
        self._neutral: FloatArray = self.pin.neutral(self.model)
        self._joints = [(self.model.joints[self.model.getJointId(n)]) for n in joints]
        self._names = tuple(joints)
        self._shapes: dict[str, list[Any]] = {}
        root = parse_urdf(description.text.encode(), description.path)
        for link, objects in self._objects(root):
            self._shapes[link] = objects
        if table is not None:
            self._shapes[TABLE] = [self._table(table)]
        self.links = tuple(self._shapes)

    def configuration(self, posture: Sequence[float]) -> FloatArray:
        """Pinocchio's configuration of a posture (rad or m by joint)."""
        configuration = self._neutral.copy()
        values = dict(zip(self._names, posture, strict=True))
        for joint, position in zip(self._joints, posture, strict=True):
            self._set(configuration, joint, position)
        for name, joint in self._description.joints.items():
            if joint.mimic is not None and joint.mimic.joint in values:
                mimic = joint.mimic
                position = mimic.multiplier * values[mimic.joint] + mimic.offset
                index = self.model.getJointId(name)
                self._set(configuration, self.model.joints[index], position)
        return configuration

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Pairs of links between which at least two joints move independently, table included."""
        moved_by = {link: self._moved_by(link) for link in self.links}
        for i, first in enumerate(self.links):
            for second in self.links[i + 1 :]:
                between = moved_by[first] ^ moved_by[second]
                if len(between) > (0 if TABLE in (first, second) else 1):
                    yield first, second

    def geometry(self, pairs: Sequence[tuple[str, str]]) -> Any:
        """A GeometryModel with the shapes of these pairs of links."""
        model = self.pin.GeometryModel()
        used = {link for pair in pairs for link in pair}
        indices = {
            link: [model.addGeometryObject(shape) for shape in self._shapes[link]]
            for link in self.links
            if link in used
        }
        for first, second in pairs:
            for a in indices[first]:
                for b in indices[second]:
                    model.addCollisionPair(self.pin.CollisionPair(a, b))
        return model

    def reach(self, pair: tuple[str, str]) -> list[float]:
        """How much nearer two links may come when a joint moves by 1 rad (or 1 m), by joint, in m.

        Zero for joints that move both or neither; else the length of the chain from the joint to
        the end of the link that it moves, all offsets and strokes added up: never too small.
        """
        first, second = pair
        moved = self._moved_by(first) ^ self._moved_by(second)
        found = dict.fromkeys(self._names, 0.0)
        for link in pair:
            length = max(map(_extent, self._shapes[link])) if link != TABLE else 0.0
            while link in self._by_child:
                joint = self._by_child[link]
                driver = joint.mimic.joint if joint.mimic is not None else joint.name
                if driver in moved and driver in found:
                    prismatic = joint.type == "prismatic"
                    scale = abs(joint.mimic.multiplier) if joint.mimic is not None else 1.0
                    found[driver] += scale * (1.0 if prismatic else length)
                length += self._offset(joint)
                link = joint.parent
        return [found[name] for name in self._names]

    def _offset(self, joint: UrdfJoint) -> float:
        """Largest distance between a joint's own frame and that of its parent link."""
        frame = self.model.frames[self.model.getFrameId(joint.name)]
        stroke = max(abs(joint.lower), abs(joint.upper)) if joint.type == "prismatic" else 0.0
        if joint.type == "fixed":
            return float(np.linalg.norm(frame.placement.translation))
        index = self.model.getJointId(joint.name)
        return float(np.linalg.norm(self.model.jointPlacements[index].translation)) + stroke

    def _moved_by(self, link: str) -> frozenset[str]:
        """The independent joints between the root and a link."""
        names = set()
        while link in self._by_child:
            joint = self._by_child[link]
            if joint.type != "fixed":
                names.add(joint.mimic.joint if joint.mimic is not None else joint.name)
            link = joint.parent
        return frozenset(names)

    def _objects(self, root: ET.Element) -> Iterator[tuple[str, list[Any]]]:
        for element in root.findall("link"):
            name = str(element.get("name"))
            frame_id = self.model.getFrameId(name)
            frame = self.model.frames[frame_id]
            objects = []
            for i, collision in enumerate(element.findall("collision")):
                shape = _shape(collision, f"{self._description.path}: link '{name}'")
                if shape is None:
                    continue
                placement = frame.placement * self._placement(collision.find("origin"))
                label = f"{name}:{i}"
                objects.append(
                    self.pin.GeometryObject(label, frame.parentJoint, frame_id, placement, shape)
                )
            if objects:
                yield name, objects

    def _placement(self, origin: ET.Element | None) -> Any:
        xyz = _numbers(origin, "xyz")
        rpy = _numbers(origin, "rpy")
        return self.pin.SE3(self.pin.rpy.rpyToMatrix(rpy), xyz)

    def _table(self, plane: Plane) -> Any:
        import coal

        length = math.hypot(*plane.normal)
        if length == 0.0:
            raise ConfigError("collision.table: the normal is 0 0 0, no direction")
        shape = coal.Halfspace(np.array(plane.normal) / length, plane.offset_m)
        return self.pin.GeometryObject(TABLE, 0, 0, self.pin.SE3.Identity(), shape)

    def _set(self, configuration: FloatArray, joint: Any, position: float) -> None:
        if joint.nq == 1:
            configuration[joint.idx_q] = position
        else:  # A continuous joint is kept as cosine and sine.
            configuration[joint.idx_q] = math.cos(position)
            configuration[joint.idx_q + 1] = math.sin(position)


def _numbers(element: ET.Element | None, attribute: str) -> FloatArray:
    text = "0 0 0" if element is None else element.get(attribute, "0 0 0")
    return np.array([float(value) for value in text.split()])


def _shape(collision: ET.Element, where: str) -> Any:
    """The coal shape of a `<collision>`; None for a mesh."""
    import coal

    geometry = collision.find("geometry")
    element = None if geometry is None else next(iter(geometry), None)
    if element is None or element.tag not in _SHAPES:
        return None
    try:
        if element.tag == "box":
            return coal.Box(*(float(side) for side in element.get("size", "").split()))
        radius = float(element.get("radius", ""))
        if element.tag == "sphere":
            return coal.Sphere(radius)
        kind = coal.Cylinder if element.tag == "cylinder" else coal.Capsule
        return kind(radius, float(element.get("length", "")))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: <{element.tag}> of a <collision>: {error}") from None


def _extent(geometry_object: Any) -> float:
    geometry_object.geometry.computeLocalAABB()
    offset = np.linalg.norm(geometry_object.placement.translation)
    centre = np.linalg.norm(geometry_object.geometry.aabb_center)
    return float(offset + centre + geometry_object.geometry.aabb_radius)
