"""What the writer wrote, read back by pyarrow, pandas and PyAV alone."""

import json
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import av
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.lerobot_dataset import write_dataset
from support.memory_steps import JOINTS, WRENCH, make_steps, read_code, with_camera

from teleop_collect.errors import CheckFailed, ConfigError
from teleop_collect.export.lerobot.layout import Limits
from teleop_collect.export.steps import NamedArray

SCENE, WRIST = "observation.images.scene", "observation.images.wrist"
LENGTHS = (12, 5, 9)


@pytest.fixture(scope="module")
def episodes():
    return [
        make_steps(0, 12),
        make_steps(1, 5, instruction="open the drawer", success=None),
        make_steps(2, 9, success=False),
    ]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory, episodes):
    return write_dataset(tmp_path_factory.mktemp("out") / "dataset", episodes)


def data_of(folder):
    return pq.read_table(folder / "data/chunk-000/file-000.parquet")


def episodes_of(folder):
    return pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist()


def info_of(folder):
    return json.loads((folder / "meta/info.json").read_text())


def decoded(path):
    with av.open(path) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_files_are_where_the_format_says(dataset):
    assert {str(p.relative_to(dataset)) for p in dataset.rglob("*") if p.is_file()} == {
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/provenance.json",
        "meta/alignment.parquet",
        "data/chunk-000/file-000.parquet",
        f"videos/{SCENE}/chunk-000/file-000.mp4",
        f"videos/{WRIST}/chunk-000/file-000.mp4",
    }


def test_info_states_version_totals_and_features(dataset):
    info = info_of(dataset)
    assert info["codebase_version"] == "v3.0"
    assert (info["fps"], info["robot_type"]) == (10, "test_arm")
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (3, 26, 2)
    assert info["splits"] == {"train": "0:3"}
    features = info["features"]
    assert features["observation.state"] == {
        "dtype": "float32",
        "shape": [3],
        "names": list(JOINTS),
    }
    assert features["observation.wrench"]["names"] == list(WRENCH)
    assert features[SCENE]["shape"] == [48, 64, 3]
    assert features[SCENE]["info"]["video.codec"] == "h264"
    assert features["index"] == {"dtype": "int64", "shape": [1], "names": None}


def test_state_and_action_are_exact_and_keyed_by_name(dataset, episodes):
    table = data_of(dataset)
    names = info_of(dataset)["features"]["action"]["names"]
    state = np.array(table["observation.state"].to_pylist())
    action = np.array(table["action"].to_pylist())
    first = 0
    for steps in episodes:
        rows = slice(first, first + steps.length)
        for column, name in enumerate(names):
            expected = steps.action.values[:, steps.action.names.index(name)]
            np.testing.assert_array_equal(action[rows, column], expected.astype(np.float32))
            np.testing.assert_array_equal(state[rows, column], (expected - 0.5).astype(np.float32))
        first += steps.length


def test_column_types_are_the_formats(dataset):
    schema = data_of(dataset).schema
    assert schema.field("observation.state").type == pa.list_(pa.float32(), 3)
    assert schema.field("timestamp").type == pa.float32()
    for name in ("frame_index", "episode_index", "index", "task_index"):
        assert schema.field(name).type == pa.int64()
    assert SCENE not in schema.names
    described = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert set(described) == set(schema.names)


def test_each_episode_is_one_row_group(dataset):
    metadata = pq.read_metadata(dataset / "data/chunk-000/file-000.parquet")
    assert [metadata.row_group(i).num_rows for i in range(3)] == list(LENGTHS)


def test_index_columns_count_rows_frames_and_episodes(dataset):
    table = data_of(dataset).to_pandas()
    assert table["index"].tolist() == list(range(26))
    assert table["episode_index"].tolist() == [0] * 12 + [1] * 5 + [2] * 9
    frames = [i for length in LENGTHS for i in range(length)]
    assert table["frame_index"].tolist() == frames
    np.testing.assert_array_equal(
        table["timestamp"].to_numpy(), (np.array(frames) / 10).astype(np.float32)
    )


def test_tasks_are_looked_up_by_instruction_and_by_position(dataset):
    tasks = pd.read_parquet(dataset / "meta/tasks.parquet")
    assert tasks.index.name == "task"
    assert tasks.loc["open the drawer"].task_index == 1
    assert tasks.iloc[0].name == "put the cube into the bin"
    table = data_of(dataset).to_pandas()
    assert table["task_index"].tolist() == [0] * 12 + [1] * 5 + [0] * 9


def test_episode_table_leads_to_rows_and_frames(dataset):
    rows = episodes_of(dataset)
    assert [r["episode_index"] for r in rows] == [0, 1, 2]
    assert [r["length"] for r in rows] == list(LENGTHS)
    ranges = [(r["dataset_from_index"], r["dataset_to_index"]) for r in rows]
    assert ranges == [(0, 12), (12, 17), (17, 26)]
    assert rows[1]["tasks"] == ["open the drawer"]
    assert [r["success"] for r in rows] == [True, None, False]
    spans = [(r[f"videos/{SCENE}/from_timestamp"], r[f"videos/{SCENE}/to_timestamp"]) for r in rows]
    assert spans == [(0.0, 1.2), (1.2, 1.7), (1.7, 2.6)]


def test_every_row_has_its_own_image(dataset):
    for key in (SCENE, WRIST):
        images = decoded(dataset / f"videos/{key}/chunk-000/file-000.mp4")
        expected = [(e, s) for e, length in enumerate(LENGTHS) for s in range(length)]
        assert [read_code(image) for image in images] == expected


def test_cameras_are_not_swapped(dataset):
    brightest = {
        key: max(int(i.max()) for i in decoded(dataset / f"videos/{key}/chunk-000/file-000.mp4"))
        for key in (SCENE, WRIST)
    }
    assert brightest[SCENE] > 245
    assert 200 < brightest[WRIST] < 230


def test_dataset_statistics_are_those_of_all_rows(dataset, episodes):
    stats = json.loads((dataset / "meta/stats.json").read_text())
    values = np.concatenate([e.observation["state"].values for e in episodes]).astype(np.float32)
    own = stats["observation.state"]
    np.testing.assert_allclose(own["mean"], values.astype(float).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(own["std"], values.astype(float).std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(
        own["q90"], np.quantile(values.astype(float), 0.9, axis=0), rtol=1e-12
    )
    assert own["count"] == [26]
    assert np.shape(stats[SCENE]["mean"]) == (3, 1, 1)
    assert stats[SCENE]["count"] == [26]
    assert stats["index"]["max"] == [25.0]


def test_episode_statistics_are_of_that_episode_before_encoding(dataset, episodes):
    row = episodes_of(dataset)[1]
    values = episodes[1].action.values
    np.testing.assert_allclose(row["stats/action/max"], values.max(axis=0), rtol=1e-6)
    assert row["stats/action/count"] == [5]
    pixels = np.stack(list(episodes[1].cameras["scene"].images())) / 255
    np.testing.assert_allclose(
        np.ravel(row[f"stats/{SCENE}/mean"]), pixels.mean(axis=(0, 1, 2)), rtol=1e-12
    )


def test_provenance_and_alignment_lead_back_to_the_recordings(dataset):
    entries = json.loads((dataset / "meta/provenance.json").read_text())["episodes"]
    assert [e["episode_id"] for e in entries] == ["episode-0", "episode-1", "episode-2"]
    assert entries[2]["mcap_sha256"] == f"{2:064x}"
    assert [e["success"] for e in entries] == [True, None, False]
    assert entries[0]["skew_ms"]["/follower/joint_states"] == {
        "p50": 5.5,
        "p95": 10.45,
        "max": 11.0,
    }
    alignment = pq.read_table(dataset / "meta/alignment.parquet").to_pandas()
    assert alignment["index"].tolist() == list(range(26))
    assert alignment["skew_ns//follower/joint_states"][13] == 1_000_000
    assert alignment["t_ns"][1] - alignment["t_ns"][0] == 100_000_000


def test_files_roll_over_at_their_size_limit(tmp_path):
    episodes = [make_steps(n, 30, cameras=("scene",), size=(320, 240), noise=120) for n in range(5)]
    limits = Limits(chunks_size=2, video_files_size_in_mb=1)
    folder = write_dataset(tmp_path / "dataset", episodes, limits=limits)
    rows = episodes_of(folder)
    by_file = defaultdict(list)
    for row in rows:
        place = (row[f"videos/{SCENE}/chunk_index"], row[f"videos/{SCENE}/file_index"])
        by_file[place].append(row)
    assert len(by_file) >= 3
    for earlier, later in pairwise(by_file):
        assert later == (earlier[0], earlier[1] + 1) or later == (earlier[0] + 1, 0)
    for (chunk, file), members in by_file.items():
        path = folder / f"videos/{SCENE}/chunk-{chunk:03d}/file-{file:03d}.mp4"
        assert file < 2
        assert members[0][f"videos/{SCENE}/from_timestamp"] == 0.0
        assert path.stat().st_size <= 1 << 20 or len(members) == 1
        codes = [read_code(image) for image in decoded(path)]
        assert codes == [(m["episode_index"], s) for m in members for s in range(30)]


def test_joints_in_another_order_land_under_their_names(tmp_path):
    turned = make_steps(1, 5, joints=JOINTS[::-1])
    folder = write_dataset(tmp_path / "dataset", [make_steps(0, 5), turned])
    state = np.array(data_of(folder)["observation.state"].to_pylist())
    gripper = turned.observation["state"].values[:, 0].astype(np.float32)
    np.testing.assert_array_equal(state[5:, JOINTS.index("gripper.pos")], gripper)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"joints": ("shoulder.pos", "wrist.pos", "gripper.pos")}, r"lacks \['elbow.pos'\]"),
        ({"cameras": ("scene",)}, "set of cameras"),
        ({"size": (80, 48)}, "80x48 px, expected 64x48 px"),
        ({"fps": 20}, "fps is 20, expected 10"),
    ],
)
def test_an_episode_that_does_not_fit_is_named_with_the_difference(tmp_path, other, message):
    with pytest.raises(ConfigError, match=f"episode episode-1 .*{message}"):
        write_dataset(tmp_path / "dataset", [make_steps(0), make_steps(1, **other)])


def test_an_odd_image_size_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="65x48 px; video needs an even"):
        write_dataset(tmp_path / "dataset", [make_steps(0, size=(65, 48))])


def test_a_value_that_is_not_finite_is_refused(tmp_path):
    steps = make_steps(0)
    values = steps.action.values.copy()
    values[7, 1] = np.nan
    steps = replace(steps, action=NamedArray(JOINTS, values))
    with pytest.raises(CheckFailed, match=r"episode-0: action elbow.pos is nan at step 7"):
        write_dataset(tmp_path / "dataset", [steps])


@pytest.mark.parametrize("count", [11, 13])
def test_images_and_rows_must_be_equal_in_number(tmp_path, count):
    steps = make_steps(0)
    camera = replace(steps.cameras["wrist"], images=make_steps(0, count).cameras["wrist"].images)
    with pytest.raises(CheckFailed, match=f"wrist: {count} images for 12 steps"):
        write_dataset(tmp_path / "dataset", [with_camera(steps, "wrist", camera)])


def test_an_error_of_one_camera_surfaces_and_stops_the_others(tmp_path):
    steps = make_steps(0)

    def failing():
        yield from list(steps.cameras["wrist"].images())[:3]
        raise OSError("disk on fire")

    def endless():
        image = next(steps.cameras["scene"].images())
        while True:
            yield image

    broken = with_camera(steps, "scene", replace(steps.cameras["scene"], images=endless))
    broken = with_camera(broken, "wrist", replace(steps.cameras["wrist"], images=failing))
    with pytest.raises(OSError, match="disk on fire"):
        write_dataset(tmp_path / "dataset", [broken])
