"""Which commit a manifest names."""

import subprocess
from pathlib import Path

import pytest

from teleop_collect.nodes.software import software_versions


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package inside a repository that has a commit of something else."""
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "another project")
    code = tmp_path / "teleop_collect" / "__init__.py"
    code.parent.mkdir()
    code.touch()
    monkeypatch.setattr("teleop_collect.__file__", str(code))
    return code


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_a_checkout_names_its_commit(package: Path):
    git(package.parent, "add", package.name)
    git(package.parent, "commit", "--quiet", "-m", "this project")

    assert software_versions()["commit"] == git(package.parent, "rev-parse", "HEAD")


def test_an_installed_copy_inside_another_repository_names_no_commit(package: Path):
    assert software_versions()["commit"] == "unknown"
