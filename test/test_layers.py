"""The package's layers: who may import whom, where ROS may stand, and how large things may grow."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "teleop_collect"
ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))
LAUNCH_FILES = sorted((ROOT / "launch").glob("*.py"))

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60

BOUNDARY = {"errors", "clock", "samples", "topics"}
"""What crosses the boundaries between layers; every layer may use it."""

# Layer -> the layers it may import besides itself and BOUNDARY. A layer is a folder of the package
# or a module directly inside it. Top to bottom is the direction in which data flows.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "clock": set(),
    "samples": set(),
    "topics": set(),
    "process": set(),
    "pages": set(),
    "rig": {"pages"},
    "devices": {"rig", "process"},
    "teleop": {"rig"},
    "provenance": {"rig"},
    "recording": {"rig", "provenance", "episodes"},
    "episodes": {"rig", "provenance"},
    "qa": {"rig", "episodes", "provenance", "pages"},
    "export": {"rig", "episodes", "qa", "provenance"},
    "view": {"rig", "episodes"},
    "nodes": {"rig", "devices", "teleop", "recording", "episodes", "qa", "provenance", "process"},
    "cli": {
        "rig",
        "teleop",
        "recording",
        "episodes",
        "qa",
        "export",
        "view",
        "provenance",
        "process",
        "devices",
    },
}
LAZY_ONLY = {("cli", "nodes")}
"""Allowed inside a function (or for type checkers) alone: the layer works without the other."""

ROS_MODULES = {
    "rclpy",
    "launch",
    "launch_ros",
    "ament_index_python",
    "rosbag2_py",
    "rosidl_runtime_py",
    "tf2_ros",
    "builtin_interfaces",
}
ROS_SUFFIXES = ("_msgs", "_srvs", "_interfaces")
ROS_LAYERS = {"nodes"}


def layer_of(module: Path) -> str:
    """The folder, or the name of a module directly inside the package."""
    relative = module.relative_to(ROOT / PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imports_of(module: Path) -> Iterator[tuple[str, int, bool]]:
    """Every import of a module: full dotted name, line, and whether importing skips it."""
    source = module.read_text(encoding="utf-8")
    return imported_names(ast.parse(source), package_of(module))


def package_of(module: Path) -> list[str]:
    """Dotted parts of the package that relative imports of a module start from."""
    return list(module.relative_to(ROOT).parent.parts)


def imported_names(
    node: ast.AST, package: list[str], lazy: bool = False
) -> Iterator[tuple[str, int, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield alias.name, child.lineno, lazy
        elif isinstance(child, ast.ImportFrom):
            start = package[: len(package) - child.level + 1] if child.level else []
            stem = ".".join([*start, *([child.module] if child.module else [])])
            for alias in child.names:
                yield f"{stem}.{alias.name}", child.lineno, lazy
        elif isinstance(child, ast.Call) and is_import_of_constant(child):
            yield child.args[0].value, child.lineno, lazy
        yield from imported_names(child, package, lazy or is_not_run_on_import(child))


def is_not_run_on_import(node: ast.AST) -> bool:
    """Whether what stands inside waits for a call, or is for type checkers alone."""
    if isinstance(node, ast.If):
        return ast.unparse(node.test).endswith("TYPE_CHECKING")
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def is_import_of_constant(call: ast.Call) -> bool:
    """Whether a call is `import_module("some.name")`."""
    called = ast.unparse(call.func).rpartition(".")[2]
    return called == "import_module" and bool(call.args) and isinstance(call.args[0], ast.Constant)


def is_ros(name: str) -> bool:
    top = name.split(".")[0]
    return top in ROS_MODULES or top.endswith(ROS_SUFFIXES)


def layer_violations(module: Path) -> list[str]:
    """Imports of other layers that the table does not allow."""
    layer = layer_of(module)
    found = []
    for name, line, lazy in imports_of(module):
        parts = name.split(".")
        if parts[0] != PACKAGE or len(parts) < 2 or parts[1].startswith("__"):
            continue
        other = parts[1]
        if other == layer or (other in BOUNDARY and layer not in BOUNDARY):
            continue
        if other in ALLOWED[layer] or (lazy and (layer, other) in LAZY_ONLY):
            continue
        found.append(f"{module.relative_to(ROOT)}:{line}: {layer} imports {other}")
    return found


def long_functions(module: Path) -> list[str]:
    return [
        f"{module.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines"
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def modules_of(layer: str) -> list[Path]:
    return [m for m in MODULES if layer_of(m) == layer]


def by_path(module: Path) -> str:
    return str(module.relative_to(ROOT))


def test_every_layer_stands_in_the_table():
    assert {layer_of(m) for m in MODULES} - {"__init__"} <= set(ALLOWED)


def test_the_table_has_no_cycle():
    remaining = {layer: set(below) for layer, below in ALLOWED.items()}
    while remaining:
        bottom = {layer for layer, below in remaining.items() if not below & remaining.keys()}
        assert bottom, f"these layers import each other in a circle: {sorted(remaining)}"
        remaining = {layer: below for layer, below in remaining.items() if layer not in bottom}


@pytest.mark.parametrize("layer", sorted(ALLOWED))
def test_a_layer_imports_only_layers_that_the_table_allows(layer: str):
    assert [told for module in modules_of(layer) for told in layer_violations(module)] == []


@pytest.mark.parametrize("layer", sorted({"__init__", *ALLOWED} - ROS_LAYERS))
def test_ros_is_imported_in_nodes_alone(layer: str):
    ros = [
        f"{by_path(module)}:{line}: {name}"
        for module in modules_of(layer)
        for name, line, _ in imports_of(module)
        if is_ros(name)
    ]
    assert ros == []


@pytest.mark.parametrize("folder", sorted({m.parent for m in MODULES + LAUNCH_FILES}), ids=by_path)
def test_modules_and_their_functions_stay_short(folder: Path):
    modules = [m for m in MODULES + LAUNCH_FILES if m.parent == folder]
    lines = {by_path(m): len(m.read_text(encoding="utf-8").splitlines()) for m in modules}
    assert {name: count for name, count in lines.items() if count > MAX_MODULE_LINES} == {}
    assert [told for module in modules for told in long_functions(module)] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import rclpy", [("rclpy", 1, False)]),
        ("def f():\n    from std_msgs.msg import String", [("std_msgs.msg.String", 2, True)]),
        ("from . import qos", [("teleop_collect.nodes.qos", 1, False)]),
        ("from ..rig import load", [("teleop_collect.rig.load", 1, False)]),
        ("importlib.import_module('rclpy.node')", [("rclpy.node", 1, False)]),
        ("class A:\n    import launch", [("launch", 2, False)]),
        ("if TYPE_CHECKING:\n    import rclpy", [("rclpy", 2, True)]),
    ],
)
def test_imports_are_seen_wherever_they_stand(source: str, expected: list[tuple[str, int, bool]]):
    assert list(imported_names(ast.parse(source), [PACKAGE, "nodes"])) == expected


def test_a_forbidden_import_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / PACKAGE / "recording"
    folder.mkdir(parents=True)
    module = folder / "writer.py"
    module.write_text(
        "from teleop_collect.devices import registry\nfrom teleop_collect import clock\n"
    )
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    assert layer_violations(module) == [
        "teleop_collect/recording/writer.py:1: recording imports devices"
    ]
