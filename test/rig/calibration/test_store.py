import json
from pathlib import Path

import pytest
from support.calibrations import LEADER_ZEROS, calibration_of
from support.rig_files import load_tiny

from teleop_collect.errors import DeviceError, UnreadableError
from teleop_collect.rig.calibration.apply import calibrated
from teleop_collect.rig.calibration.store import (
    FOLDER_VARIABLE,
    calibration_folder,
    history,
    load_calibrations,
    read_calibration,
    rig_calibration_sha256,
    write_calibration,
)
from teleop_collect.rig.calibration.values import (
    CameraIntrinsics,
    HandEye,
    JointZero,
    RigidTransform,
    WrenchLoad,
)
from teleop_collect.rig.hashes import calibration_sha256, sha256_bytes
from teleop_collect.rig.load import LoadedRig


@pytest.fixture
def loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedRig:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    return load_tiny(tmp_path)


def test_what_is_written_is_read_and_current(loaded: LoadedRig):
    stored = write_calibration(loaded, calibration_of(loaded))
    assert stored.path == calibration_folder(loaded) / "leader" / "leader" / "0001.json"
    found = load_calibrations(loaded)
    assert found.problems == ()
    assert found.get("leader", "leader") == stored.calibration
    assert found.get("leader", "leader").values == LEADER_ZEROS


def test_a_new_calibration_never_overwrites_an_old_one(loaded: LoadedRig):
    first = write_calibration(loaded, calibration_of(loaded))
    before = first.path.read_bytes()
    second = write_calibration(loaded, calibration_of(loaded, operator="op-2"))
    assert (first.calibration.version, second.calibration.version) == (1, 2)
    assert first.path.read_bytes() == before
    assert load_calibrations(loaded).get("leader", "leader").operator == "op-2"
    assert [s.calibration.operator for s in history(loaded, "leader", "leader")] == ["op-1", "op-2"]


def test_an_unwritable_folder_is_said_and_leaves_nothing(loaded: LoadedRig, tmp_path: Path):
    (tmp_path / "calibration").write_text("in the way")
    with pytest.raises(DeviceError, match=r"cannot write the calibration to .*; set TELEOP"):
        write_calibration(loaded, calibration_of(loaded))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: text[: len(text) // 2], "is no calibration: document: Invalid JSON"),
        (lambda text: text.replace("0.25", "0.26"), "was damaged or edited"),
        (lambda text: text.replace("zero_rad", "zero_deg"), "is no calibration: values"),
        (lambda text: " " * (2 << 20), "is larger than 1048576 bytes"),
    ],
)
def test_a_corrupt_file_is_refused_by_one_message_and_the_old_one_stays(
    loaded: LoadedRig, spoil, message: str
):
    old = write_calibration(loaded, calibration_of(loaded))
    new = write_calibration(loaded, calibration_of(loaded, operator="op-2"))
    new.path.write_text(spoil(new.path.read_text()))
    with pytest.raises(UnreadableError, match=message):
        read_calibration(new.path)
    found = load_calibrations(loaded)
    assert found.get("leader", "leader") == old.calibration
    assert len(found.problems) == 1
    assert message in found.problems[0]


def test_a_calibration_for_another_serial_is_refused_and_the_old_one_stays(loaded: LoadedRig):
    old = write_calibration(loaded, calibration_of(loaded))
    write_calibration(loaded, calibration_of(loaded, serials={"leader": "OTHER"}))
    found = load_calibrations(loaded)
    assert found.get("leader", "leader") == old.calibration
    (problem,) = found.problems
    serial = loaded.rig.arms["main"].leader.serial
    assert "was made for leader with serial number 'OTHER'" in problem
    assert f"the rig file says '{serial}': calibrate leader of leader again" in problem


def test_a_file_of_another_device_in_the_wrong_folder_is_refused(loaded: LoadedRig):
    stored = write_calibration(loaded, calibration_of(loaded))
    folder = calibration_folder(loaded) / "leader" / "leader"
    other = calibration_of(loaded, "follower").sealed()
    (folder / "0002.json").write_text(other.to_json())
    found = load_calibrations(loaded)
    assert found.get("leader", "leader") == stored.calibration
    assert "remove it" in found.problems[0]


@pytest.mark.parametrize(
    ("device", "values", "message"),
    [
        (
            "cameras/scene",
            CameraIntrinsics(width=640, height=480, fx=500, fy=500, cx=319.5, cy=239.5),
            "was made for images of 640x480, now they have 64x48: calibrate camera of",
        ),
        (
            "wrench",
            WrenchLoad(
                frame_id="flange", bias_force_n=(0, 0, 0), bias_torque_nm=(0, 0, 0),
                tool_mass_kg=1, tool_center_m=(0, 0, 0),
            ),
            "was made in frame flange, the wrench now has tool: calibrate wrench of wrench again",
        ),
    ],
)  # fmt: skip
def test_values_of_another_setup_are_refused(loaded: LoadedRig, device: str, values, message: str):
    write_calibration(loaded, calibration_of(loaded, device, values=values))
    found = load_calibrations(loaded)
    assert found.current == {}
    assert message in found.problems[0]


def test_the_folder_is_the_rig_files_where_that_names_one(tmp_path: Path):
    loaded = load_tiny(tmp_path, ("recording:\n", "calibration: {folder: kept}\nrecording:\n"))
    assert calibration_folder(loaded) == tmp_path / "kept" / "tiny"


def test_the_hash_of_a_rig_changes_with_each_calibration(loaded: LoadedRig):
    numbers = calibration_sha256(loaded.rig)
    assert rig_calibration_sha256(loaded.rig, {}) == numbers
    stored = write_calibration(loaded, calibration_of(loaded))
    files = load_calibrations(loaded).file_hashes
    assert files == {"calibration/leader.leader.json": sha256_bytes(stored.path.read_bytes())}
    first = rig_calibration_sha256(loaded.rig, files)
    write_calibration(loaded, calibration_of(loaded, operator="op-2"))
    second = rig_calibration_sha256(loaded.rig, load_calibrations(loaded).file_hashes)
    assert len({numbers, first, second}) == 3


def test_zeros_reach_the_servos_of_the_rig_that_drivers_get(loaded: LoadedRig):
    write_calibration(loaded, calibration_of(loaded))
    servos = calibrated(loaded.rig, load_calibrations(loaded)).arms["main"].leader.servos
    assert (servos["shoulder"].zero_rad, servos["shoulder"].sign) == (0.25, -1)
    assert servos["gripper"] == loaded.rig.arms["main"].leader.servos["gripper"]


def test_kinds_that_the_rig_does_not_apply_stay_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    loaded = load_tiny(tmp_path, ("recording:\n", "calibration: {apply: []}\nrecording:\n"))
    write_calibration(loaded, calibration_of(loaded))
    assert calibrated(loaded.rig, load_calibrations(loaded)) == loaded.rig


def test_a_hand_eye_calibration_becomes_the_cameras_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "calibration"))
    loaded = load_tiny(tmp_path, ("recording:\n", "calibration: {apply: [hand_eye]}\nrecording:\n"))
    pose = RigidTransform(position_m=(0.1, 0.2, 0.3), quat_xyzw=(0.0, 0.0, 0.5**0.5, 0.5**0.5))
    values = HandEye(
        mode="eye_in_hand", parent="main/upper", parent_from_camera=pose, board={},
        board_parent="world", board_parent_from_board=pose,
    )  # fmt: skip
    write_calibration(loaded, calibration_of(loaded, "cameras/scene", values=values))
    mount = calibrated(loaded.rig, load_calibrations(loaded)).cameras["scene"].mount
    assert (mount.parent, mount.xyz_m) == ("main/upper", (0.1, 0.2, 0.3))
    assert mount.rpy_rad == pytest.approx((0.0, 0.0, 1.5707963267948966))


def test_the_file_is_plain_json_with_what_a_person_asks_first(loaded: LoadedRig):
    document = json.loads(write_calibration(loaded, calibration_of(loaded)).path.read_text())
    assert document["schema"] == "teleop_collect.calibration/1"
    assert document["serials"] == {"leader": loaded.rig.arms["main"].leader.serial}
    assert document["values"] == {
        "kind": "leader", "joints": {"shoulder": {"zero_rad": 0.25, "sign": -1}},
    }  # fmt: skip
    for key in ("made", "operator", "software_version", "residuals", "uncertainty", "sha256"):
        assert document[key], key
    assert JointZero(**document["values"]["joints"]["shoulder"]).sign == -1
