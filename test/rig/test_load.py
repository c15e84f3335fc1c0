import hashlib
import json
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rig_files import RIG, load_tiny, write_rig

from teleop_collect.errors import ConfigError
from teleop_collect.rig.load import load_rig, share_dir
from teleop_collect.rig.share import shipped_rigs


@pytest.mark.parametrize("name", sorted(shipped_rigs()))
def test_every_shipped_rig_loads_under_its_file_name(name: str):
    loaded = load_rig(name)
    assert loaded.rig.name == name
    assert loaded.path == share_dir() / "config" / "rigs" / f"{name}.yaml"
    assert loaded.sha256 == hashlib.sha256(loaded.path.read_bytes()).hexdigest()


def test_a_rig_is_loaded_by_path_with_its_text_and_hash(tmp_path: Path):
    path = write_rig(tmp_path)
    loaded = load_rig(str(path))
    assert (loaded.rig.name, loaded.path, loaded.text) == ("tiny", path, RIG)
    assert loaded.sha256 == hashlib.sha256(RIG.encode()).hexdigest()
    assert loaded.rig.arms["main"].limits["shoulder"].lower == -1.0
    assert loaded.rig.arms["main"].joints == ("shoulder", "gripper")


def test_a_relative_path_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_rig(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert load_rig("tiny.yaml").path == path.resolve()


def test_the_bimanual_rig_is_two_arms_by_composition():
    arms = load_rig("sim_bimanual").rig.arms
    assert list(arms) == ["left", "right"]
    changed = {"prefix", "base", "leader", "follower", "wrench"}
    left, right = arms["left"].model_dump(), arms["right"].model_dump()
    assert {key for key in left if left[key] != right[key]} == changed
    assert arms["right"].leader.servos == arms["left"].leader.servos
    assert arms["right"].follower.command_topic == "right/follower/joint_trajectory"


def test_an_unknown_name_lists_the_shipped_rigs_and_the_nearest():
    with pytest.raises(ConfigError) as caught:
        load_rig("sim_tabeltop")
    assert str(caught.value) == (
        "no rig named 'sim_tabeltop'; did you mean 'sim_tabletop'? (shipped rigs: "
        f"{', '.join(shipped_rigs())}; a rig file of your own is given by its path, ending in "
        ".yaml)"
    )


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load_rig(str(tmp_path / "none.yaml"))
    assert str(caught.value) == f"{tmp_path}/none.yaml: no such rig file"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200))
def test_arbitrary_content_is_refused_in_one_line(content: str | bytes):
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    _refused(raw)


FORBIDDEN = ("\n", "pydantic", "Input should", "is not valid here", "Traceback")
"""What no message may hold: line breaks, another library's words, the last resort."""

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@st.composite
def _spoiled_rigs(draw: st.DrawFn) -> bytes:
    """The valid rig with one value, anywhere, replaced or added."""
    data = yaml.safe_load(RIG)
    here, depth = data, draw(st.integers(0, 5))
    for _ in range(depth):
        inner = sorted(key for key, value in here.items() if isinstance(value, dict))
        if not inner:
            break
        here = here[draw(st.sampled_from(inner))]
    here[draw(st.sampled_from(sorted(here)) | st.text(max_size=8))] = draw(_JSON)
    return yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass")


@settings(max_examples=300, deadline=None)
@given(_spoiled_rigs())
def test_a_spoiled_rig_loads_or_is_refused_in_one_line(raw: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = write_rig(Path(folder))
        path.write_bytes(raw)
        message = _outcome(path)
    if message:
        assert message.startswith(f"{path}:")
        assert not [word for word in FORBIDDEN if word in message]


def _outcome(path: Path) -> str:
    try:
        load_rig(str(path))
    except ConfigError as error:
        return str(error)
    return ""


def _refused(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig.yaml"
        path.write_bytes(raw)
        with pytest.raises(ConfigError) as caught:
            load_rig(str(path))
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)


def test_loading_twice_gives_equal_rigs(tmp_path: Path):
    assert load_tiny(tmp_path) == load_tiny(tmp_path)
    assert json.loads(load_tiny(tmp_path).rig.model_dump_json())["name"] == "tiny"
