"""The real LeRobotDataset reads what this package exported: counts, values, tasks and pixels.

Two kinds of datasets are read: steps made in memory, whose images say which step they are, and
recorded episodes (MCAP) exported by the command line.
"""

import json
import shutil
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from lerobot.datasets.compute_stats import aggregate_stats
from lerobot.datasets.lerobot_dataset import LeRobotDataset
from support.lerobot_dataset import write_dataset
from support.memory_steps import JOINTS, make_steps, read_code
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main
from teleop_collect.episodes.reader import open_episode
from teleop_collect.export.lerobot.layout import Limits

SCENE, WRIST = "observation.images.scene", "observation.images.wrist"
LENGTHS = (12, 5, 1, 9)
FIRSTS = list(accumulate(LENGTHS, initial=0))[:-1]
CODES = [(e, s) for e, length in enumerate(LENGTHS) for s in range(length)]
CODECS = ("h264", "av1")


def load(root, **options):
    return LeRobotDataset("local/exported", root=root, video_backend="torchcodec", **options)


def code(image: torch.Tensor) -> tuple[int, int]:
    """What a loaded image (3, height, width) in 0..1 says."""
    return read_code(image.permute(1, 2, 0).numpy() * 255)


@pytest.fixture(scope="module", params=CODECS)
def root(request, tmp_path_factory):
    episodes = [
        make_steps(n, length, instruction=f"task {n % 2}", success=(True, None, False)[n % 3])
        for n, length in enumerate(LENGTHS)
    ]
    folder = tmp_path_factory.mktemp(request.param) / "dataset"
    return write_dataset(folder, episodes, codec=request.param)


@pytest.fixture(scope="module")
def dataset(root):
    return load(root)


def test_counts_and_features(dataset):
    assert (len(dataset), dataset.num_frames, dataset.num_episodes) == (27, 27, 4)
    assert dataset.fps == 10
    assert dataset.meta.robot_type == "test_arm"
    assert dataset.meta.video_keys == [SCENE, WRIST]
    assert dataset.meta.names["action"] == list(JOINTS)
    assert set(dataset[0]) == {
        *("observation.state", "observation.wrench", "action", SCENE, WRIST, "task"),
        *("timestamp", "frame_index", "episode_index", "index", "task_index"),
    }


def test_every_row_has_its_values_its_task_and_its_own_images(dataset):
    for index, (episode, step) in enumerate(CODES):
        item = dataset[index]
        state = np.float32(episode * 10 + step + np.arange(3) / 10)
        np.testing.assert_array_equal(item["observation.state"].numpy(), state)
        action = np.float32(episode * 10 + step + np.arange(3) / 10 + 0.5)
        np.testing.assert_array_equal(item["action"].numpy(), action)
        assert item["task"] == f"task {episode % 2}"
        assert (item["episode_index"], item["frame_index"]) == (episode, step)
        assert item["timestamp"].item() == np.float32(step / 10)
        assert code(item[SCENE]) == code(item[WRIST]) == (episode, step)


def test_cameras_are_not_swapped(dataset):
    last_step = dataset[11]
    assert last_step[SCENE].max() > 0.95
    assert 0.78 < last_step[WRIST].max() < 0.94


def test_neighbouring_steps_are_padded_at_the_ends_of_an_episode(root):
    deltas = {SCENE: [-0.1, 0.0, 0.1], "action": [0.0, 0.1, 0.2]}
    dataset = load(root, delta_timestamps=deltas)
    middle = dataset[FIRSTS[1] + 2]
    assert [code(image) for image in middle[SCENE]] == [(1, 1), (1, 2), (1, 3)]
    np.testing.assert_allclose(middle["action"][:, 0], [12.5, 13.5, 14.5])
    first, last = dataset[FIRSTS[1]], dataset[FIRSTS[1] + 4]
    assert first[f"{SCENE}_is_pad"].tolist() == [True, False, False]
    assert [code(image) for image in first[SCENE]] == [(1, 0), (1, 0), (1, 1)]
    assert last[f"{SCENE}_is_pad"].tolist() == [False, False, True]
    assert [code(image) for image in last[SCENE]] == [(1, 3), (1, 4), (1, 4)]
    assert last["action_is_pad"].tolist() == [False, True, True]


def test_a_choice_of_episodes_loads(root):
    dataset = load(root, episodes=[1, 3])
    assert len(dataset) == 5 + 9
    assert code(dataset[5][SCENE]) == (3, 0)


def test_a_shuffling_loader_batches_it(dataset):
    loader = torch.utils.data.DataLoader(dataset, batch_size=9, shuffle=True)
    seen = [tuple(c) for batch in loader for c in map(code, batch[SCENE])]
    assert sorted(seen) == CODES


def test_statistics_agree_with_lerobots_own_aggregation(root, dataset):
    rows = pq.read_table(root / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    per_episode = []
    for row in rows:
        stats: dict = {}
        for column, value in row.items():
            if column.startswith("stats/"):
                _, feature, name = column.split("/")
                stats.setdefault(feature, {})[name] = np.array(value)
        per_episode.append(stats)
    aggregated = aggregate_stats(per_episode)
    assert set(aggregated) == set(dataset.meta.stats)
    for feature, own in dataset.meta.stats.items():
        for name in ("min", "max", "mean", "std", "count"):
            np.testing.assert_allclose(
                own[name], aggregated[feature][name], rtol=1e-6, atol=1e-9, err_msg=feature
            )


def test_datasets_of_many_files_load(tmp_path):
    limits = Limits(chunks_size=2, video_files_size_in_mb=1)
    episodes = [make_steps(n, 20, cameras=("scene",), size=(320, 240), noise=120) for n in range(6)]
    root = write_dataset(tmp_path / "dataset", episodes, limits=limits)
    assert len(list(root.glob("videos/*/*/*.mp4"))) > 2
    dataset = load(root)
    for episode in range(6):
        for step in (0, 19):
            assert code(dataset[episode * 20 + step][SCENE]) == (episode, step)


def test_lerobot_continues_an_exported_dataset_by_merging(root, tmp_path):
    """lerobot's own tool reads and rewrites it, our additional columns included."""
    from lerobot.datasets.aggregate import aggregate_datasets

    copy = shutil.copytree(root, tmp_path / "copy")
    merged = tmp_path / "merged"
    aggregate_datasets(["local/a", "local/b"], "local/merged", [root, copy], merged)
    dataset = LeRobotDataset("local/merged", root=merged, video_backend="torchcodec")
    assert len(dataset) == 54
    for index in (0, 26, 27, 53):
        assert code(dataset[index][SCENE]) == CODES[index % 27]


@pytest.fixture(scope="module", params=CODECS)
def recorded(request, tmp_path_factory):
    """Recorded episodes and the dataset that the command line made of them."""
    folder = tmp_path_factory.mktemp(f"recorded-{request.param}")
    for number, success in enumerate((True, False, True)):
        write_episode(
            folder / "root",
            episode_id=f"20261120T09000{number}Z-sim_tabletop-a1b2c{number}",
            duration_s=2.0 + number / 2,
            seed=number,
            success=success,
            size=(160, 120),
        )
    arguments = ["export", "lerobot", str(folder / "root"), str(folder / "out")]
    assert main([*arguments, "--codec", request.param]) == 0
    return folder / "root", folder / "out"


def provenance_of(out: Path) -> list[dict]:
    return json.loads((out / "meta/provenance.json").read_text())["episodes"]


def test_recorded_episodes_load_with_the_values_that_were_recorded(recorded):
    root, out = recorded
    dataset = load(out)
    entries = provenance_of(out)
    assert [e["episode_id"][14] for e in entries] == ["0", "2"]
    assert len(dataset) == sum(e["length"] for e in entries)
    first = 0
    for entry in entries:
        with open_episode(root / "episodes" / entry["episode_id"]) as episode:
            topics = ("/follower/joint_states", "/teleop/action_sent")
            cameras = ("/cameras/scene/color/image_raw", "/cameras/wrist/color/image_raw")
            streams = [*topics, "/follower/wrench", *cameras]
            grid = episode.aligned(30, "nearest", streams, paced_by=cameras)
            assert len(grid) == entry["length"]
            for key, topic in zip(("observation.state", "action"), topics, strict=True):
                data = episode.read(topic)
                names = dataset.meta.names[key]
                columns = [data.names.index(name.removesuffix(".pos")) for name in names]
                expected = data.values["position"][grid.index[topic]][:, columns]
                loaded = np.stack(
                    [dataset.hf_dataset[first + i][key].numpy() for i in range(len(grid))]
                )
                np.testing.assert_array_equal(loaded, expected.astype(np.float32))
            for step in (0, *range(5, len(grid) - 1, 7), len(grid) - 1):
                item = dataset[first + step]
                assert item["task"] == "put the red cube into the bin"
                for key, topic in zip((SCENE, WRIST), cameras, strict=True):
                    image = episode.image(topic, int(grid.index[topic][step]))
                    assert_closest_in_time(item[key], episode, topic, grid.index[topic][step])
                    off = np.abs(item[key].permute(1, 2, 0).numpy() * 255 - image).mean()
                    assert off < 6, f"{key} step {step}: {off:.1f} levels"
        first += entry["length"]


def assert_closest_in_time(image: torch.Tensor, episode, topic: str, position: int) -> None:
    """No neighbouring image of the recording is more like the loaded one (but for coding noise)."""
    loaded = image.permute(1, 2, 0).numpy() * 255
    count = len(episode.times(topic))
    near = range(max(0, position - 1), min(count, position + 2))
    off = {p: np.abs(loaded - episode.image(topic, p)).mean() for p in near}
    assert off[position] <= min(off.values()) + 0.1, off


def test_videos_hold_one_frame_a_row(recorded):
    _, out = recorded
    rows = sum(entry["length"] for entry in provenance_of(out))
    for key in (SCENE, WRIST):
        with av.open(out / f"videos/{key}/chunk-000/file-000.mp4") as container:
            assert sum(1 for _ in container.decode(video=0)) == rows
