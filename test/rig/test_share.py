from pathlib import Path

import pytest

from teleop_collect.errors import ConfigError
from teleop_collect.rig.share import share_dir, shipped_rigs


@pytest.mark.parametrize(
    ("package", "share"),
    [
        ("checkout/teleop_collect", "checkout"),
        ("venv/lib/python3.12/site-packages/teleop_collect", "venv/share/teleop_collect"),
        ("usr/local/lib/python3.12/dist-packages/teleop_collect", "usr/local/share/teleop_collect"),
        (
            "ws/install/teleop_collect/lib/python3.12/site-packages/teleop_collect",
            "ws/install/teleop_collect/share/teleop_collect",
        ),
        ("target/teleop_collect", "target/share/teleop_collect"),
    ],
)
def test_shipped_files_are_found_in_every_kind_of_installation(
    tmp_path: Path, package: str, share: str
):
    (tmp_path / package).mkdir(parents=True)
    (tmp_path / share / "config" / "rigs").mkdir(parents=True)
    assert share_dir(tmp_path / package) == tmp_path / share


def test_an_installation_without_shipped_files_says_so(tmp_path: Path):
    with pytest.raises(ConfigError, match="are not installed near"):
        share_dir(tmp_path / "teleop_collect")


def test_the_shipped_rigs():
    assert {"aloha", "sim_bimanual", "sim_tabletop", "template"} <= set(shipped_rigs())
