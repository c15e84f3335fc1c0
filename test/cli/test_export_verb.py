"""`teleop-collect export`: what it prints and how it ends."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support.synthetic_episode import write_episode

from teleop_collect.cli.main import main
from teleop_collect.errors import install_command

REPOSITORY = Path(__file__).parents[2]
IDS = tuple(f"20261120T09000{n}Z-sim_tabletop-a1b2c{n}" for n in range(2))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recorded") / "root"
    for number, success in enumerate((True, False)):
        write_episode(
            folder, episode_id=IDS[number], duration_s=0.6, success=success, cameras=("scene",)
        )
    return folder


def test_it_says_what_was_written_and_what_was_left_out(root, tmp_path, capsys):
    assert main(["export", "lerobot", str(root), str(tmp_path / "out")]) == 0
    text = capsys.readouterr().out
    assert "observation.images.scene" in text
    assert IDS[1] in text
    assert "outcome is failure" in text
    assert IDS[0] not in text


def test_json_holds_the_same_facts(root, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["export", "lerobot", str(root), str(out), "--outcome", "all", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["out"] == str(out)
    assert (report["episodes"], report["fps"], report["left_out"]) == (2, 30, [])
    info = json.loads((out / "meta/info.json").read_text())
    assert report["frames"] == info["total_frames"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--fps", "0"], 2, "--fps is 0"),
        (["--max-skew-ms", "-1"], 2, "--max-skew-ms is -1.0"),
        (["--max-skew-ms", "0.001"], 1, "no episode can be exported"),
    ],
)
def test_errors_end_in_one_message_and_leave_nothing(
    root, tmp_path, capsys, options, code, message
):
    assert main(["export", "lerobot", str(root), str(tmp_path / "out"), *options]) == code
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_output_with_content_is_refused_and_kept(root, tmp_path, capsys):
    (tmp_path / "mine").write_text("keep")
    assert main(["export", "lerobot", str(root), str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_a_root_without_episodes_is_refused(tmp_path, capsys):
    assert main(["export", "lerobot", str(tmp_path), str(tmp_path / "out")]) == 2
    assert "no dataset root" in capsys.readouterr().err


def run_in_process(code, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=50,
        **options,
    )


@pytest.mark.parametrize("library", ["av", "pyarrow", "pandas"])
def test_a_missing_library_is_named_with_its_extra(root, tmp_path, library):
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from teleop_collect.cli.main import main\n"
        "sys.exit(main(['export', 'lerobot', *sys.argv[1:]]))"
    )
    done = run_in_process(code, root, tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.strip().endswith(install_command("lerobot"))
    assert library in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("limit_bytes", [2_000, 20_000])
def test_a_disk_that_refuses_to_grow_a_file_leaves_nothing(root, tmp_path, limit_bytes):
    code = (
        "import sys\nfrom teleop_collect.cli.main import main\n"
        "sys.exit(main(['export', 'lerobot', *sys.argv[1:], '--outcome', 'all']))"
    )
    done = run_in_process(
        code,
        root,
        tmp_path / "out",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes)),
    )
    assert done.returncode == 2
    assert done.stderr.startswith("teleop-collect: ")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
