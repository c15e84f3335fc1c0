"""The package's metadata agree with each other, with the code and with the README."""

import ast
import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import teleop_collect
from teleop_collect.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()

ROS_NAME = re.compile(r"^(rclpy|launch|launch_ros|ament_index_python|\w+_(msgs|srvs|interfaces))$")

ROS_EXECUTABLES = {
    "leader_arm",
    "follower_arm",
    "spacemouse",
    "teleop",
    "sim_rig",
    "camera",
    "recorder",
    "episode_qa",
    "rig_check",
    "replay",
    "sim_operator",
    "leader_bus_emulator",
    "spacemouse_emulator",
}


@pytest.fixture(scope="module")
def setup_arguments() -> dict[str, object]:
    """What setup.py passes to setuptools."""
    passed: dict[str, object] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("setuptools.setup", lambda **arguments: passed.update(arguments))
        patch.chdir(ROOT)
        spec = importlib.util.spec_from_file_location("teleop_collect_setup", ROOT / "setup.py")
        assert spec is not None
        assert spec.loader is not None
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    return passed


def texts(tag: str) -> list[str]:
    return [(element.text or "").strip() for element in MANIFEST.findall(tag)]


def scripts(arguments: dict) -> dict[str, str]:
    """Console scripts: name -> `module:function`."""
    lines = arguments["entry_points"]["console_scripts"]
    return {name.strip(): target.strip() for name, _, target in (x.partition("=") for x in lines)}


def test_package_xml_is_format_3_and_of_the_ament_python_build_type():
    assert (MANIFEST.tag, MANIFEST.get("format")) == ("package", "3")
    assert MANIFEST.findtext("export/build_type") == "ament_python"
    for tag in ("name", "version", "description", "maintainer", "license"):
        assert all([texts(tag), *texts(tag)]), f"package.xml has no <{tag}>"
    assert texts("buildtool_depend") == []


def test_name_version_and_licence_agree(setup_arguments: dict):
    stated = (setup_arguments["name"], setup_arguments["version"], setup_arguments["license"])
    assert stated == ("teleop_collect", teleop_collect.__version__, "Apache-2.0")
    assert stated == (*texts("name"), *texts("version"), *texts("license"))
    assert "Apache License" in (ROOT / "LICENSE").read_text().split("TERMS")[0]


def test_no_dependency_is_declared_twice():
    depends = texts("exec_depend")
    assert sorted(set(depends)) == sorted(depends)


def test_every_ros_package_that_is_imported_is_declared():
    imported = set()
    for module in [*(ROOT / "teleop_collect").rglob("*.py"), *(ROOT / "launch").glob("*.py")]:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            imported |= {name.split(".")[0] for name in names}
    ros = {name for name in imported if ROS_NAME.match(name)}
    assert ros
    assert ros <= set(texts("exec_depend"))


def test_console_scripts_are_the_documented_ones(setup_arguments: dict):
    assert set(scripts(setup_arguments)) == {"teleop-collect", *ROS_EXECUTABLES}


def test_every_console_script_has_its_function(setup_arguments: dict):
    missing = []
    for name, target in scripts(setup_arguments).items():
        module, _, function = target.partition(":")
        path = ROOT / Path(*module.split(".")).with_suffix(".py")
        functions = set()
        if path.is_file():
            tree = ast.parse(path.read_text(encoding="utf-8"))
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if function not in functions:
            missing.append(f"{name}: {target}")
    assert missing == []


def test_every_launch_and_configuration_file_is_installed(setup_arguments: dict):
    installed = {
        f"{folder}/{Path(file).name}": file
        for folder, files in setup_arguments["data_files"]
        for file in files
    }
    for folder in ("launch", "config", "udev"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(ROOT)
                assert installed[f"share/teleop_collect/{relative}"] == str(relative)
    assert "share/teleop_collect/package.xml" in installed
    assert "share/ament_index/resource_index/packages/teleop_collect" in installed


def test_data_that_lies_beside_modules_is_packed(setup_arguments: dict):
    patterns = {pattern.removeprefix("*") for pattern in setup_arguments["package_data"][""]}
    unpacked = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "teleop_collect").rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.suffix not in {".py", *patterns}
    ]
    assert unpacked == []


def test_colcon_test_finds_pytest(setup_arguments: dict):
    assert any(line.startswith("pytest>") for line in setup_arguments["extras_require"]["test"])


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_stands_in_the_readme(verb: str):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"teleop-collect {verb}" in readme


@pytest.mark.parametrize("launch_file", sorted(p.name for p in (ROOT / "launch").glob("*.py")))
def test_every_launch_file_stands_in_the_readme(launch_file: str):
    assert launch_file in (ROOT / "README.md").read_text(encoding="utf-8")
