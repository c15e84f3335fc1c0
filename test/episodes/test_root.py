from pathlib import Path

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.episodes.root import discard, episode_folders, expand, find_episode
from teleop_collect.errors import ConfigError, UnreadableError

IDS = (
    "20261120T090000Z-sim_tabletop-aaaaaa",
    "20261120T090000Z-sim_tabletop-bbbbbb",
    "20261121T090000Z-sim_tabletop-cccccc",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for episode_id in reversed(IDS):
        write_episode(tmp_path, episode_id=episode_id, duration_s=0.1, cameras=())
    return tmp_path


def test_episodes_are_listed_oldest_first(root: Path):
    assert [f.name for f in episode_folders(root)] == list(IDS)


@pytest.mark.parametrize(
    ("name", "expected"), [(IDS[0], 0), ("20261121", 2), ("latest", 2), (IDS[1][:-3], 1)]
)
def test_an_episode_is_found_by_id_beginning_or_latest(root: Path, name: str, expected: int):
    assert find_episode(name, root).name == IDS[expected]


def test_an_episode_is_found_by_path(root: Path):
    path = root / "episodes" / IDS[0]
    assert find_episode(str(path), "/nowhere") == path


def test_an_ambiguous_beginning_names_the_candidates(root: Path):
    with pytest.raises(UnreadableError, match=r"begins 2 episode ids: .*aaaaaa, .*bbbbbb"):
        find_episode("20261120", root)


def test_an_unknown_episode_and_an_unknown_root_are_named(root: Path, tmp_path: Path):
    with pytest.raises(UnreadableError, match="no episode 'x'"):
        find_episode("x", root)
    with pytest.raises(UnreadableError, match="no dataset root"):
        episode_folders(tmp_path / "other")


def test_a_path_expands_to_all_of_a_root_or_to_itself(root: Path):
    assert [f.name for f in expand(root)] == list(IDS)
    assert expand(root / "episodes" / IDS[0]) == [root / "episodes" / IDS[0]]
    with pytest.raises(UnreadableError, match="no such"):
        expand(root / "nowhere")


def test_discarding_moves_and_keeps_every_byte(root: Path):
    folder = root / "episodes" / IDS[0]
    before = {f.name: f.read_bytes() for f in folder.iterdir()}
    target = discard(folder)
    assert target == root / "discarded" / IDS[0]
    assert {f.name: f.read_bytes() for f in target.iterdir()} == before
    assert [f.name for f in episode_folders(root)] == list(IDS[1:])


def test_discarding_never_overwrites(root: Path):
    folder = root / "episodes" / IDS[0]
    discard(folder)
    write_episode(root, episode_id=IDS[0], duration_s=0.1, cameras=())
    with pytest.raises(ConfigError, match="exists already"):
        discard(folder)
    assert folder.is_dir()


def test_only_episodes_of_a_root_are_discarded(root: Path):
    with pytest.raises(ConfigError, match="not an episode folder"):
        discard(root)
