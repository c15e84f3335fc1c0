"""Postures from which a simulated camera sees a simulated board, chosen so that they tell much."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from teleop_collect.devices.sim.arm_kinematics import ArmKinematics
from teleop_collect.devices.sim.poses import parent_from_mount
from teleop_collect.devices.sim.scene_boards import simulated_boards
from teleop_collect.devices.sim.scene_cameras import intrinsics_of, simulated_cameras
from teleop_collect.errors import ConfigError
from teleop_collect.rig.calibration.arm_model import ArmModel
from teleop_collect.rig.calibration.board_pose import CameraModel
from teleop_collect.rig.calibration.charuco import BoardView
from teleop_collect.rig.calibration.coverage import ViewFacts, combined, view_facts
from teleop_collect.rig.calibration.rigid import from_vector, inverse
from teleop_collect.rig.calibration.rotations import most_informative
from teleop_collect.rig.calibration.values import Board
from teleop_collect.rig.config import Arm, Mount, Rig
from teleop_collect.rig.description import descriptions_of
from teleop_collect.samples import FloatArray

CANDIDATES = 60
TRIES = 1500
MAX_TILT_RAD = 0.65
FILL = (0.3, 0.75)
"""Width of the board in the image, as a share of the image's."""
CLEARANCE_M = 0.06
"""Height above the table that the gripper and a board in it keep."""
EDGE_PX = 4.0
NEAREST_M = 0.05


@dataclass(frozen=True)
class Sight:
    """One posture and what the camera should see from it.

    Attributes:
        joints: of the follower, by name.
        view: of the board, by the rig file's numbers.
        world_from_link: 4x4 pose of the link that carries camera or board.
    """

    joints: Mapping[str, float]
    view: BoardView
    world_from_link: FloatArray


class SightPlanner:
    """Finds postures for one camera and the board that suits it.

    A camera on an arm looks at a board that stands in the world, and the other way round.

    Args:
        rig: a simulated rig with boards.
        rig_path: its file.
        camera: name of a simulated camera.

    Attributes:
        arm: name of the arm that moves.
        link: link of that arm that carries the camera or the board.
        board: the board's name.

    Raises:
        ConfigError: no board of the scene suits the camera.
    """

    def __init__(self, rig: Rig, rig_path: Path, camera: str) -> None:
        config = simulated_cameras(rig)[camera]
        in_hand = config.mount.parent != "world"
        self.board, board_mount = _board_for(rig, camera, in_hand)
        carried, still = (config.mount, board_mount) if in_hand else (board_mount, config.mount)
        self.arm, _, self.link = carried.parent.partition("/")
        self._in_hand = in_hand
        self._link_from_carried = parent_from_mount(carried)
        self._world_from_still = parent_from_mount(still)
        self._config: Arm = rig.arms[self.arm]
        self._description: Board = simulated_boards(rig)[self.board]
        self._kinematics = ArmKinematics(self._config, rig_path)
        self._model = ArmModel(self._config, descriptions_of(rig, rig_path)[self.arm])
        home = np.array([self._config.home.get(j, 0.0) for j in self._kinematics.joints])
        self._home = home
        names = dict(zip(self._kinematics.joints, home.tolist(), strict=True))
        tool = self._model.world_from_link(self._config.tool_frame, names)
        self._link_from_tool = inverse(self._model.world_from_link(self.link, names)) @ tool
        intrinsics = intrinsics_of(config)
        self._size = (intrinsics.width, intrinsics.height)
        matrix = np.array(
            [[intrinsics.fx, 0, intrinsics.cx], [0, intrinsics.fy, intrinsics.cy], [0, 0, 1.0]]
        )
        self._camera = CameraModel(matrix, np.zeros(5))

    def covering(self, count: int, seed: int = 0) -> list[Sight]:
        """Postures that together cover the image, tilts and distances, for intrinsics.

        Raises:
            ConfigError: the arm cannot show the board there.
        """
        left = [(s, view_facts(s.view, *self._size)) for s in self._candidates(seed)]
        chosen: list[tuple[Sight, ViewFacts]] = []

        def share(candidate: ViewFacts) -> float:
            return combined([*(facts for _, facts in chosen), candidate]).share

        while left and len(chosen) < count:
            best = max(range(len(left)), key=lambda i: share(left[i][1]))
            chosen.append(left.pop(best))
        sights = [sight for sight, _ in chosen]
        self._refuse_few(sights, count)
        return self._in_order(sights)

    def informative(self, count: int, seed: int = 0) -> list[Sight]:
        """Postures that turn the link about many axes, for hand-eye calibration.

        Raises:
            ConfigError: the arm cannot show the board often enough.
        """
        left = self._candidates(seed)
        chosen = [left.pop(0)] if left else []
        while left and len(chosen) < count:
            poses = [s.world_from_link for s in chosen]
            best = most_informative(poses, [s.world_from_link for s in left])
            chosen.append(left.pop(best))
        self._refuse_few(chosen, count)
        return self._in_order(chosen)

    def central(self, seed: int = 0) -> Sight:
        """The posture that shows the board nearest to the middle of the image.

        Raises:
            ConfigError: the arm cannot show the board at all.
        """
        candidates = self._candidates(seed)
        self._refuse_few(candidates[:1], 1)
        middle = np.array(self._size) / 2

        def off(sight: Sight) -> float:
            return float(np.linalg.norm(sight.view.corners_px.mean(axis=0) - middle))

        return min(candidates, key=off)

    def _refuse_few(self, chosen: list[Sight], count: int) -> None:
        if len(chosen) < count:
            raise ConfigError(
                f"the simulated arm can show board {self.board} in {len(chosen)} postures only, "
                f"{count} are wanted; move the board in `sim.boards`"
            )

    def _candidates(self, seed: int) -> list[Sight]:
        rng = np.random.default_rng([seed, 300])
        found: list[Sight] = []
        for pose in self._sights(rng):
            if (sight := self._reached(pose)) is not None:
                found.append(sight)
                if len(found) == CANDIDATES:
                    break
        return found

    def _sights(self, rng: np.random.Generator) -> Iterator[FloatArray]:
        """`camera_from_board` that show the whole board, drawn at random."""
        width_m = self._description.columns * self._description.square_m
        middle = np.eye(4)
        middle[:2, 3] = -width_m / 2, -self._description.rows * self._description.square_m / 2
        focal = self._camera.matrix[0, 0]
        for _ in range(TRIES):
            depth = focal * width_m / (rng.uniform(*FILL) * self._size[0])
            pixel = rng.uniform(0.1, 0.9, 2) * self._size
            ray = np.linalg.solve(self._camera.matrix, np.array([*pixel, 1.0])) * depth
            tilt = rng.uniform(-MAX_TILT_RAD, MAX_TILT_RAD, 2)
            pose = from_vector(np.array([*tilt, 0, *ray]))
            turn = from_vector(np.array([0, 0, rng.uniform(-math.pi, math.pi), 0, 0, 0]))
            camera_from_board = pose @ turn @ middle
            if self._is_whole(camera_from_board):
                yield camera_from_board

    def _is_whole(self, camera_from_board: FloatArray) -> bool:
        board = self._description
        w, h = board.columns * board.square_m, board.rows * board.square_m
        corners = np.array([[0, 0, 0], [w, 0, 0], [w, h, 0], [0, h, 0]])
        depths = corners @ camera_from_board[2, :3] + camera_from_board[2, 3]
        if float(depths.min()) < NEAREST_M:
            return False
        pixels = self._camera.project(corners, camera_from_board)
        inside = (pixels > EDGE_PX) & (pixels < np.array(self._size) - EDGE_PX)
        return bool(np.all(inside))

    def _reached(self, camera_from_board: FloatArray) -> Sight | None:
        """The posture for a sight; None when the arm does not reach it safely."""
        carried_from_still = inverse(camera_from_board) if not self._in_hand else camera_from_board
        world_from_carried = self._world_from_still @ inverse(carried_from_still)
        world_from_link = world_from_carried @ inverse(self._link_from_carried)
        world_from_base = parent_from_mount(self._config.base)
        tool = inverse(world_from_base) @ world_from_link @ self._link_from_tool
        try:
            posture = self._kinematics.solve(tool, self._home)
        except ConfigError:
            return None
        joints = dict(zip(self._kinematics.joints, posture.tolist(), strict=True))
        joints[self._kinematics.gripper] = self._config.home.get(self._kinematics.gripper, 0.0)
        if not self._is_clear(joints, world_from_carried):
            return None
        return Sight(joints, self._view(camera_from_board), world_from_link)

    def _is_clear(self, joints: Mapping[str, float], world_from_carried: FloatArray) -> bool:
        heights = [self._model.world_from_link(self._config.tool_frame, joints)[2, 3]]
        if not self._in_hand:
            board = self._description
            w, h = board.columns * board.square_m, board.rows * board.square_m
            corners = np.array([[0, 0, 0, 1], [w, 0, 0, 1], [w, h, 0, 1], [0, h, 0, 1]])
            heights += (world_from_carried @ corners.T)[2].tolist()
        return bool(min(heights) > CLEARANCE_M)

    def _view(self, camera_from_board: FloatArray) -> BoardView:
        board = self._description
        grid = np.array(
            [[x, y, 0] for y in range(1, board.rows) for x in range(1, board.columns)], dtype=float
        )
        points = grid * board.square_m
        pixels = self._camera.project(points, camera_from_board)
        return BoardView(np.arange(len(points), dtype=np.int32), pixels, points)

    def _in_order(self, sights: list[Sight]) -> list[Sight]:
        """So that the arm moves little from one to the next."""
        left, ordered, at = list(sights), list[Sight](), self._home
        while left:
            postures = [np.array([s.joints[j] for j in self._kinematics.joints]) for s in left]
            nearest = int(np.argmin([np.abs(p - at).max() for p in postures]))
            at = postures[nearest]
            ordered.append(left.pop(nearest))
        return ordered


def _board_for(rig: Rig, camera: str, in_hand: bool) -> tuple[str, Mount]:
    boards = {} if rig.sim is None else rig.sim.boards
    for name, mount in boards.items():
        if (mount.parent == "world") == in_hand:
            return name, mount
    place = "that stands in the world" if in_hand else "on a link of an arm"
    raise ConfigError(
        f"rig {rig.name} has no simulated board {place} for camera {camera} to look at; use the "
        "rig sim_calibration, or add one to `sim.boards`"
    )
