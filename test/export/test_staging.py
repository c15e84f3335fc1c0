import signal
import subprocess
import sys
from pathlib import Path

import pytest

from teleop_collect.errors import BusyError, ConfigError
from teleop_collect.export.staging import staged_folder

REPOSITORY = Path(__file__).parents[2]


def test_what_was_written_appears_when_the_block_succeeds(tmp_path):
    out = tmp_path / "new" / "dataset"
    with staged_folder(out) as folder:
        (folder / "a").write_text("1")
        assert not out.exists()
    assert [p.name for p in out.iterdir()] == ["a"]
    assert [p.name for p in out.parent.iterdir()] == ["dataset"]


def test_an_empty_folder_may_be_there_already(tmp_path):
    out = tmp_path / "dataset"
    out.mkdir()
    with staged_folder(out) as folder:
        (folder / "a").write_text("1")
    assert (out / "a").read_text() == "1"


def write_then_raise(out, error):
    with staged_folder(out) as folder:
        (folder / "a").write_text("1")
        raise error


@pytest.mark.parametrize("error", [RuntimeError("no"), KeyboardInterrupt()])
def test_nothing_is_left_when_the_block_fails(tmp_path, error):
    with pytest.raises(type(error)):
        write_then_raise(tmp_path / "dataset", error)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_content_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(ConfigError, match="not empty"), staged_folder(tmp_path):
        pass
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "dataset").write_text("keep")
    with pytest.raises(ConfigError, match="not empty"), staged_folder(tmp_path / "dataset"):
        pass


def test_two_exports_to_one_folder_exclude_each_other(tmp_path):
    out = tmp_path / "dataset"
    with staged_folder(out) as folder:
        (folder / "a").write_text("1")
        with pytest.raises(BusyError, match="another export"), staged_folder(out):
            pass
        assert (folder / "a").exists()
    assert (out / "a").exists()


KILLED_EXPORT = """
import os, signal, sys
from pathlib import Path
from teleop_collect.export.staging import staged_folder
with staged_folder(Path(sys.argv[1])) as folder:
    (folder / "meta").mkdir()
    (folder / "meta" / "old").write_text("1")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_export_left_is_replaced(tmp_path):
    out = tmp_path / "dataset"
    killed = subprocess.run([sys.executable, "-c", KILLED_EXPORT, str(out)], cwd=REPOSITORY)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "dataset.partial" / "meta" / "old").exists()
    with staged_folder(out) as folder:
        (folder / "new").write_text("1")
    assert [p.name for p in out.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]


def test_a_foreign_folder_of_that_name_is_not_deleted(tmp_path):
    (tmp_path / "dataset.partial").mkdir()
    (tmp_path / "dataset.partial" / "thesis.tex").write_text("keep")
    with pytest.raises(ConfigError, match="in the way"), staged_folder(tmp_path / "dataset"):
        pass
    assert (tmp_path / "dataset.partial" / "thesis.tex").read_text() == "keep"
