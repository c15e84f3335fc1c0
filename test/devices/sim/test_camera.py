from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from teleop_collect.clock import FakeClock
from teleop_collect.devices.sim.camera import SimCamera, SimCameras
from teleop_collect.devices.sim.renderer import choose_backend
from teleop_collect.devices.sim.scene_props import CUBE_EDGE_M
from teleop_collect.devices.sim.state_file import StateWriter
from teleop_collect.devices.sim.world import SimWorld
from teleop_collect.errors import ConfigError, DeviceDisconnected, DeviceError, DeviceTimeout

BACKENDS = sorted({choose_backend("auto"), "raycast"})


def rotation(quat_xyzw):
    x, y, z, w = quat_xyzw
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def to_world(pose, points):
    return points @ rotation(pose.quat_xyzw).T + np.array(pose.position_m)


def project(intrinsics, pose, points):
    """Pixel coordinates (column, row) of world points."""
    camera = (points - np.array(pose.position_m)) @ rotation(pose.quat_xyzw)
    uv = camera[:, :2] / camera[:, 2:]
    return uv * [intrinsics.fx, intrinsics.fy] + [intrinsics.cx, intrinsics.cy]


def unproject(intrinsics, pose, depth_mm):
    """World points of all pixels, shape (height, width, 3)."""
    rows, columns = np.indices(depth_mm.shape)
    z = depth_mm / 1000.0
    x = (columns - intrinsics.cx) / intrinsics.fx * z
    y = (rows - intrinsics.cy) / intrinsics.fy * z
    return to_world(pose, np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(*z.shape, 3)


class Setup:
    """Physics and cameras on one state file."""

    def __init__(self, rig, path, names=("scene", "wrist")):
        self.world = SimWorld(rig, 3)
        self.writer = StateWriter(path, self.world)
        self.clock = FakeClock()
        self.cameras = SimCameras(rig, names, path, self.clock)
        self.cameras.connect()

    def read(self, name, stamp_ns):
        self.world.step(1)
        self.writer.write(self.world, stamp_ns)
        return self.cameras.read(name)

    def close(self):
        self.cameras.close()
        self.writer.close()


@pytest.fixture(scope="module", params=BACKENDS)
def setup(request, with_sim, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "state"
    made = Setup(with_sim(render=request.param), path)
    assert made.cameras.backend == request.param
    yield made
    made.close()


def reddish(color):
    red, green, blue = (color[:, :, channel].astype(int) for channel in range(3))
    return (red > 100) & (red > 2 * green) & (red > 2 * blue)


def test_image_sizes_types_and_stamp(setup):
    sample = setup.read("scene", 1234)
    assert sample.stamp_ns == 1234
    assert (sample.color.shape, sample.color.dtype) == ((240, 320, 3), np.uint8)
    assert (sample.depth_mm.shape, sample.depth_mm.dtype) == ((240, 320), np.uint16)
    assert sample.color.flags.c_contiguous
    assert sample.depth_mm.flags.c_contiguous


@pytest.mark.parametrize("name", ["scene", "wrist"])
def test_the_cube_is_red_and_where_intrinsics_and_extrinsics_say(setup, name):
    sample = setup.read(name, 1)
    red = reddish(sample.color)
    cube = np.array(setup.world.object_pose("cube", 0).pose.position_m)
    intrinsics = setup.cameras.intrinsics(name)
    ((column, row),) = project(intrinsics, setup.cameras.world_from_camera(name), cube[None])
    rows, columns = np.nonzero(red)
    assert len(rows) > 50
    # The middle of the visible faces lies within half an edge of the cube's centre.
    edge_px = intrinsics.fx * CUBE_EDGE_M / (np.median(sample.depth_mm[red]) / 1000)
    assert columns.mean() == pytest.approx(column, abs=edge_px / 2)
    assert rows.mean() == pytest.approx(row, abs=edge_px / 2)


@pytest.mark.parametrize("name", ["scene", "wrist"])
def test_depth_puts_the_cube_and_the_table_where_they_are(setup, name):
    sample = setup.read(name, 1)
    intrinsics = setup.cameras.intrinsics(name)
    pose = setup.cameras.world_from_camera(name)
    points = unproject(intrinsics, pose, sample.depth_mm)
    cube = setup.world.object_pose("cube", 0).pose
    local = (points[reddish(sample.color)] - np.array(cube.position_m)) @ rotation(cube.quat_xyzw)
    to_surface = np.abs(np.abs(local).max(axis=1) - CUBE_EDGE_M / 2)
    # Ray casting fills blocks of 2 x 2 pixels; the block's depth is that of its middle.
    coarse = setup.cameras.backend == "raycast"
    assert np.median(to_surface) < (0.004 if coarse else 0.0008)
    near_cube = np.linalg.norm(points[:, :, :2] - cube.position_m[:2], axis=2) < 0.08
    table = near_cube & ~reddish(sample.color) & (points[:, :, 2] < 0.01)
    assert table.sum() > 100
    assert np.median(np.abs(points[table][:, 2])) < (0.003 if coarse else 0.0008)


def test_extrinsics_are_the_rig_files_mount_plus_what_was_drawn(setup):
    setup.read("scene", 1)
    mount = setup.world.rig.cameras["scene"].mount
    drawn = setup.world.randomization["camera_offsets"]["scene"]
    pose = setup.cameras.world_from_camera("scene")
    moved = np.array(pose.position_m) - mount.xyz_m
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(drawn["xyz_m"]), abs=1e-9)


def test_the_wrist_camera_moves_with_the_arm_and_the_scene_camera_does_not(setup):
    setup.read("wrist", 1)
    before = setup.cameras.world_from_camera("wrist"), setup.cameras.world_from_camera("scene")
    for _ in range(60):
        setup.world.command("main", {"shoulder_pan": 0.3})
        setup.world.step(5)
    setup.read("wrist", 2)
    after = setup.cameras.world_from_camera("wrist"), setup.cameras.world_from_camera("scene")
    distance = np.linalg.norm(np.subtract(after[0].position_m, before[0].position_m))
    assert distance > 0.05
    assert after[1] == before[1]


def test_a_new_scene_is_drawn_after_a_reset(setup):
    setup.world.reset(3)
    before = setup.read("scene", 1)
    setup.world.reset(11)
    after = setup.read("scene", 2)
    assert np.abs(after.color.astype(int) - before.color).mean() > 3
    setup.world.reset(3)
    again = setup.read("scene", 3)
    assert np.array_equal(again.depth_mm, before.depth_mm)


def test_each_camera_waits_for_a_state_of_its_own(setup):
    setup.read("scene", 5)
    assert setup.cameras.read("wrist").stamp_ns == 5
    with pytest.raises(DeviceTimeout):
        setup.cameras.read("wrist")


def test_a_camera_without_depth_gives_none(rig, with_sim, tmp_path):
    rig = with_sim(render="raycast")
    flat = rig.cameras["scene"].model_copy(update={"depth": False, "width": 100, "height": 60})
    made = Setup(rig.model_copy(update={"cameras": {"scene": flat}}), tmp_path / "s", ("scene",))
    sample = made.read("scene", 1)
    assert sample.depth_mm is None
    assert sample.color.shape == (60, 100, 3)
    made.close()


def test_physics_that_ends_is_a_disconnection(with_sim, tmp_path):
    made = Setup(with_sim(render="raycast"), tmp_path / "s")
    made.read("scene", 1)
    made.writer.close()
    with pytest.raises(DeviceDisconnected, match="no simulated physics"):
        made.cameras.read("scene")
    made.close()
    made.close()


@pytest.mark.parametrize("backend", BACKENDS)
def test_reading_in_one_thread_and_closing_in_another(with_sim, tmp_path, backend):
    made = Setup(with_sim(render=backend), tmp_path / "s")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(made.read, "scene", 1).result().stamp_ns == 1
    made.close()
    made.cameras.connect()
    made.cameras.close()


def test_wrong_use_is_refused_with_a_message(rig, tmp_path):
    with pytest.raises(ConfigError, match=r"no simulated camera 'left'.*scene, wrist"):
        SimCameras(rig, ("left",), tmp_path / "s", FakeClock())
    cameras = SimCameras(rig, ("scene",), tmp_path / "s", FakeClock())
    assert cameras.backend == "closed"
    with pytest.raises(DeviceError, match="not connected"):
        cameras.read("scene")
    with pytest.raises(DeviceError, match="drawn nothing"):
        cameras.world_from_camera("scene")


class SteppingClock(FakeClock):
    """Lets the physics write a state for every sleep, as a running physics would."""

    def __init__(self, on_sleep):
        super().__init__()
        self._on_sleep = on_sleep

    def sleep_until_ns(self, monotonic_ns):
        super().sleep_until_ns(monotonic_ns)
        self._on_sleep(self.monotonic_ns())


def test_one_camera_paces_itself_at_its_rate(with_sim, tmp_path):
    rig = with_sim(render="raycast")
    world = SimWorld(rig, 0)
    writer = StateWriter(tmp_path / "s", world)
    clock = SteppingClock(lambda now_ns: writer.write(world, now_ns))
    camera = SimCamera(rig, "scene", tmp_path / "s", clock)
    camera.connect()
    stamps = [camera.read().stamp_ns for _ in range(4)]
    assert np.diff(stamps).tolist() == [33_333_333] * 3
    assert camera.intrinsics().width == 320
    assert camera.world_from_camera().position_m[2] == pytest.approx(0.64, abs=0.02)
    camera.close()
    writer.close()
