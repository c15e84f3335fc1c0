"""Planted damage, one kind at a time: the validator must name it, and must be silent without it."""

import json
import shutil
from dataclasses import replace

import av
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.lerobot_dataset import write_dataset
from support.memory_steps import coded_image, make_steps

from teleop_collect.errors import CheckFailed
from teleop_collect.export.lerobot.layout import Limits
from teleop_collect.export.lerobot.validation import problems_of, require_valid
from teleop_collect.export.lerobot.video import VideoSettings, encode

SCENE = "observation.images.scene"
DATA = "data/chunk-000/file-000.parquet"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
VIDEO = f"videos/{SCENE}/chunk-000/file-000.mp4"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    episodes = [make_steps(n, length) for n, length in enumerate((12, 5, 9))]
    return write_dataset(tmp_path_factory.mktemp("out") / "dataset", episodes)


@pytest.fixture
def dataset(good, tmp_path):
    return shutil.copytree(good, tmp_path / "dataset")


def edit_json(path, edit):
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def edit_rows(path, edit):
    """Edit a Parquet table as a list of rows, keeping its schema."""
    table = pq.read_table(path)
    rows = table.to_pylist()
    edit(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)


def assert_names(folder, *words):
    found = problems_of(folder)
    assert any(all(word in problem for word in words) for problem in found), found


def test_a_good_dataset_has_no_problems(good):
    assert problems_of(good) == []
    require_valid(good)


def test_good_datasets_of_many_files_have_no_problems(tmp_path):
    limits = Limits(chunks_size=1, data_files_size_in_mb=1, video_files_size_in_mb=1)
    episodes = [make_steps(n, 30, cameras=("scene",), size=(320, 240), noise=120) for n in range(4)]
    folder = write_dataset(tmp_path / "dataset", episodes, limits=limits)
    assert len(list(folder.glob("videos/*/chunk-*/*.mp4"))) > 1
    assert problems_of(folder) == []


@pytest.mark.parametrize("path", [DATA, EPISODES, "meta/tasks.parquet"])
def test_1_a_torn_table_is_named(dataset, path):
    content = (dataset / path).read_bytes()
    (dataset / path).write_bytes(content[:-40])
    assert_names(dataset, path, "cannot be read")


def test_1_a_torn_video_is_named(dataset):
    content = (dataset / VIDEO).read_bytes()
    (dataset / VIDEO).write_bytes(content[: len(content) // 2])
    assert_names(dataset, VIDEO, "cannot be read")


@pytest.mark.parametrize("key", ["total_frames", "total_episodes", "total_tasks"])
def test_2_wrong_totals_are_named(dataset, key):
    edit_json(dataset / "meta/info.json", lambda info: info.update({key: info[key] + 1}))
    assert_names(dataset, f"{key} is")


def test_2_missing_rows_are_named(dataset):
    edit_rows(dataset / DATA, lambda rows: rows.pop())
    assert_names(dataset, "rows in data files is 25")


def test_3_a_gap_between_episodes_is_named(dataset):
    edit_rows(dataset / EPISODES, lambda rows: rows[1].update(dataset_from_index=13))
    assert_names(dataset, "row 1", "dataset_from_index is 13, expected 12")


def test_3_episodes_out_of_order_are_named(dataset):
    edit_rows(dataset / EPISODES, lambda rows: rows.reverse())
    assert_names(dataset, "row 0", "episode_index is 2, expected 0")


def test_4_a_video_that_lacks_frames_is_named(dataset):
    images = (coded_image(0, step) for step in range(25))
    encode(images, dataset / VIDEO, VideoSettings(10))
    assert_names(dataset, VIDEO, "25 frames", "26 rows")


def test_4_a_video_of_another_rate_is_named(dataset):
    encode((coded_image(0, step) for step in range(26)), dataset / VIDEO, VideoSettings(15))
    assert_names(dataset, VIDEO, "frame 1 stands at 0.066667 s, expected 0.100000 s")


def test_4_a_wrong_time_span_is_named(dataset):
    key = f"videos/{SCENE}/from_timestamp"
    edit_rows(dataset / EPISODES, lambda rows: rows[2].update({key: rows[2][key] + 0.001}))
    assert_names(dataset, "episode 2", "from_timestamp", "expected 1.7")


def test_5_a_skipped_frame_index_is_named(dataset):
    edit_rows(dataset / DATA, lambda rows: rows[14].update(frame_index=3))
    assert_names(dataset, "episode 1 row 2: frame_index is 3, expected 2")


@pytest.mark.parametrize("off_s", [0.001, float("nan")])
def test_5_a_time_stamp_off_the_grid_is_named(dataset, off_s):
    edit_rows(dataset / DATA, lambda rows: rows[20].update(timestamp=0.3 + off_s))
    assert_names(dataset, "episode 2 row 3: timestamp")


def test_5_a_broken_index_is_named(dataset):
    edit_rows(dataset / DATA, lambda rows: rows[3].update(index=4))
    assert_names(dataset, "data row 3: index is 4, expected 3")


@pytest.mark.parametrize("task", [1, -1])
def test_6_a_task_that_does_not_exist_is_named(dataset, task):
    edit_rows(dataset / DATA, lambda rows: rows[13].update(task_index=task))
    assert_names(dataset, "episode 1", f"task_index {task}")


def test_6_a_task_table_that_does_not_count_is_named(dataset):
    frame = pd.DataFrame({"task_index": [3]}, index=pd.Index(["put it"], name="task"))
    frame.to_parquet(dataset / "meta/tasks.parquet")
    assert_names(dataset, "tasks.parquet", "count from 0")


def test_7_names_that_do_not_fit_the_shape_are_named(dataset):
    edit_json(
        dataset / "meta/info.json", lambda info: info["features"]["action"]["names"].append("extra")
    )
    assert_names(dataset, "feature action has shape [3]")


def test_7_a_declared_image_size_that_is_not_decoded_is_named(dataset):
    edit_json(
        dataset / "meta/info.json",
        lambda info: info["features"][SCENE].update(shape=[240, 320, 3]),
    )
    assert_names(dataset, VIDEO, "(48, 64, 3)", "[240, 320, 3]")


def test_7_a_value_that_is_not_finite_is_named(dataset):
    edit_rows(dataset / DATA, lambda rows: rows[4]["action"].__setitem__(1, float("nan")))
    assert_names(dataset, DATA, "row 4: action elbow.pos is nan")


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda s: s["action"].update(q50=[99.0, 99.0, 99.0]), "q50 is greater than q90"),
        (lambda s: s["action"].update(std=[-1.0, 1.0, 1.0]), "std is negative"),
        (lambda s: s["action"].update(mean=[1e3, 0.0, 0.0]), "mean lies outside"),
        (lambda s: s["action"].update(count=[25]), "count is [25], expected [26]"),
        (lambda s: s["action"].update(q01=[1.0]), "q01 has shape (1,)"),
        (lambda s: s["action"].update(max=[1e4, 1e4, 1e4]), "action max is"),
        (lambda s: s[SCENE].update(std=[[[None]], [[1.0]], [[1.0]]]), "std is not finite"),
        (lambda s: s.pop("observation.state"), "no statistics of ['observation.state']"),
    ],
)
def test_8_wrong_statistics_are_named(dataset, edit, words):
    edit_json(dataset / "meta/stats.json", edit)
    assert_names(dataset, "stats.json", words)


def test_8_wrong_statistics_of_one_episode_are_named(dataset):
    edit_rows(dataset / EPISODES, lambda rows: rows[1].update({"stats/action/count": [6]}))
    assert_names(dataset, "episode 1: action count is [6], expected [5]")


def test_9_a_missing_video_is_named(dataset):
    (dataset / VIDEO).unlink()
    assert_names(dataset, VIDEO, "missing")


def test_9_a_file_that_no_episode_refers_to_is_named(dataset):
    shutil.copy(dataset / VIDEO, (dataset / VIDEO).with_name("file-001.mp4"))
    assert_names(dataset, "file-001.mp4", "no episode refers to it")


def test_9_a_shared_file_over_its_size_limit_is_named(dataset):
    edit_json(dataset / "meta/info.json", lambda info: info.update(video_files_size_in_mb=0))
    assert_names(dataset, VIDEO, "video_files_size_in_mb is 0")


def test_10_a_video_that_does_not_decode_is_named(dataset):
    with av.open(dataset / VIDEO) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    content = bytearray((dataset / VIDEO).read_bytes())
    for position, size in packets[:20]:
        content[position : position + size] = b"\xff" * size
    (dataset / VIDEO).write_bytes(content)
    assert_names(dataset, VIDEO, "cannot be decoded")


def test_11_images_of_a_neighbouring_episode_are_noticed(dataset):
    order = [(1, 5), (0, 12), (2, 9)]
    images = (coded_image(e, step) for e, length in order for step in range(length))
    encode(images, dataset / VIDEO, VideoSettings(10))
    assert_names(dataset, VIDEO, "first of episode 0", "another image")


def test_11_images_shifted_by_one_step_are_noticed(dataset):
    order = [(e, step) for e, length in ((0, 12), (1, 5), (2, 9)) for step in range(length)]
    images = (coded_image(*code) for code in [order[0], *order[:-1]])
    encode(images, dataset / VIDEO, VideoSettings(10))
    assert_names(dataset, VIDEO, "first of episode 1", "another image")


def test_swapped_cameras_are_noticed(tmp_path):
    steps = make_steps(0)
    dark = make_steps(1).cameras["wrist"]
    folder = write_dataset(
        tmp_path / "dataset", [replace(steps, cameras={**steps.cameras, "wrist": dark})]
    )
    scene, wrist = folder / VIDEO, folder / VIDEO.replace("scene", "wrist")
    scene.rename(tmp_path / "scene.mp4")
    wrist.rename(scene)
    (tmp_path / "scene.mp4").rename(wrist)
    assert_names(folder, VIDEO, "another image")


def test_another_format_version_is_refused(dataset):
    edit_json(dataset / "meta/info.json", lambda info: info.update(codebase_version="v2.1"))
    assert_names(dataset, "codebase_version is 'v2.1'")


def test_a_folder_without_a_dataset_is_refused(tmp_path):
    with pytest.raises(CheckFailed, match=r"info\.json"):
        require_valid(tmp_path)


def test_the_message_lists_problems_and_counts_the_rest(dataset):
    def shift(rows):
        for row in rows:
            row["timestamp"] = np.float32(row["timestamp"] + 0.05)

    edit_rows(dataset / DATA, shift)
    edit_rows(dataset / DATA, lambda rows: [row.update(task_index=7) for row in rows])
    with pytest.raises(CheckFailed, match=r"not valid(.|\n)*episode 0 row 0: timestamp"):
        require_valid(dataset)
