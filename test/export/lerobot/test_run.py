"""From recorded episodes to a dataset folder, whole or not at all."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.synthetic_episode import write_episode

from teleop_collect.errors import CheckFailed, ConfigError
from teleop_collect.export.lerobot.run import ExportOptions, export_lerobot
from teleop_collect.export.lerobot.validation import problems_of

IDS = tuple(f"20261120T09000{n}Z-sim_tabletop-a1b2c{n}" for n in range(3))


def record(root, *outcomes, **options):
    for number, success in enumerate(outcomes):
        write_episode(
            root,
            episode_id=IDS[number],
            duration_s=0.6 + number / 5,
            seed=number,
            success=success,
            **{"cameras": ("scene",), **options},
        )


def test_successes_become_a_valid_dataset_and_the_rest_is_accounted_for(tmp_path):
    record(tmp_path / "root", True, False, True)
    progress = []
    report = export_lerobot(
        tmp_path / "root", tmp_path / "out", on_progress=lambda *at: progress.append(at)
    )
    assert (report.episodes, report.fps) == (2, 30)
    assert report.cameras == ("observation.images.scene",)
    assert [(e.episode_id, e.reason) for e in report.left_out] == [(IDS[1], "outcome is failure")]
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert problems_of(tmp_path / "out") == []
    rows = pq.read_table(tmp_path / "out/data/chunk-000/file-000.parquet")
    assert rows.num_rows == report.frames
    provenance = json.loads((tmp_path / "out/meta/provenance.json").read_text())
    assert [e["episode_id"] for e in provenance["episodes"]] == [IDS[0], IDS[2]]
    assert provenance["left_out"] == [{"episode_id": IDS[1], "reason": "outcome is failure"}]
    assert provenance["settings"]["policy"] == "nearest"
    assert provenance["settings"]["fps"] == 30
    manifest = json.loads((tmp_path / "root/episodes" / IDS[0] / "manifest.json").read_text())
    assert provenance["episodes"][0]["mcap_sha256"] == manifest["hashes"]["mcap_sha256"]
    assert provenance["episodes"][0]["license"] == manifest["license"]


def test_the_rate_can_be_chosen(tmp_path):
    record(tmp_path / "root", True)
    report = export_lerobot(tmp_path / "root", tmp_path / "out", ExportOptions(fps=10))
    table = pq.read_table(tmp_path / "out/data/chunk-000/file-000.parquet").to_pandas()
    assert report.fps == 10
    np.testing.assert_allclose(np.diff(table["timestamp"]), 0.1, atol=1e-6)


def test_an_episode_with_a_gap_is_left_out_with_its_reason(tmp_path):
    def gap(plan):
        del plan.streams["/cameras/scene/color/image_raw"].samples[5:12]

    record(tmp_path / "root", True)
    write_episode(
        tmp_path / "root", episode_id=IDS[1], duration_s=0.6, cameras=("scene",), defects=(gap,)
    )
    report = export_lerobot(tmp_path / "root", tmp_path / "out")
    assert report.episodes == 1
    (left_out,) = report.left_out
    assert left_out.episode_id == IDS[1]
    assert "ms away" in left_out.reason


def test_a_damaged_recording_is_left_out_even_when_doubtful_ones_are_asked_for(tmp_path):
    record(tmp_path / "root", True, True)
    path = tmp_path / "root/episodes" / IDS[1] / f"{IDS[1]}.mcap"
    content = bytearray(path.read_bytes())
    for position in range(len(content) // 4, len(content) // 2, 101):
        content[position] ^= 0xFF
    path.write_bytes(content)
    options = ExportOptions(include_failed=True)
    report = export_lerobot(tmp_path / "root", tmp_path / "out", options)
    assert report.episodes == 1
    assert [e.episode_id for e in report.left_out] == [IDS[1]]
    assert report.left_out[0].reason


def test_when_no_episode_remains_the_reasons_are_told_and_nothing_is_written(tmp_path):
    record(tmp_path / "root", False, None)
    with pytest.raises(CheckFailed, match=r"no episode (.|\n)*is failure(.|\n)*is unlabeled"):
        export_lerobot(tmp_path / "root", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["root"]


def test_an_episode_of_another_camera_size_ends_the_export_and_nothing_is_left(tmp_path):
    record(tmp_path / "root", True)
    write_episode(
        tmp_path / "root", episode_id=IDS[1], duration_s=0.5, cameras=("scene",), size=(80, 48)
    )
    with pytest.raises(ConfigError, match=f"{IDS[1]} .* 80x48 px, expected 64x48 px"):
        export_lerobot(tmp_path / "root", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["root"]


def test_recordings_are_not_changed_by_an_export(tmp_path):
    record(tmp_path / "root", True)
    before = {p: p.read_bytes() for p in (tmp_path / "root").rglob("*") if p.is_file()}
    export_lerobot(tmp_path / "root", tmp_path / "out")
    assert {p: p.read_bytes() for p in (tmp_path / "root").rglob("*") if p.is_file()} == before


def test_an_episode_without_cameras_is_exported_without_videos(tmp_path):
    record(tmp_path / "root", True, cameras=())
    report = export_lerobot(tmp_path / "root", tmp_path / "out")
    assert report.cameras == ()
    assert not (tmp_path / "out" / "videos").exists()
    assert json.loads((tmp_path / "out/meta/info.json").read_text())["video_path"] is None
