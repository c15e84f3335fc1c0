"""Where the files that ship with the package are: rigs, robot descriptions, DDS profiles."""

from pathlib import Path

from teleop_collect.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]


def share_dir(package: Path = _PACKAGE) -> Path:
    """The folder that holds this installation's `config/`.

    A source checkout (also an editable or symlinked install) has `config/` beside the package; pip
    and colcon install it to `<prefix>/share/teleop_collect`, some folders above the package.

    Args:
        package: the folder of the `teleop_collect` package.

    Raises:
        ConfigError: the installation has no such files.
    """
    candidates = [package.parent]
    candidates += [parent / "share" / "teleop_collect" for parent in package.parents]
    for candidate in candidates:
        if (candidate / "config" / "rigs").is_dir():
            return candidate
    raise ConfigError(
        f"the files that ship with teleop_collect (config/rigs) are not installed near {package}; "
        "install the package again, or give the path of a rig file"
    )


def shipped_rigs() -> dict[str, Path]:
    """Rig files that ship with the package, by name."""
    return {path.stem: path for path in sorted((share_dir() / "config" / "rigs").glob("*.yaml"))}
