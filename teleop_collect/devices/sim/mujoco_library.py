"""The physics library, imported when first needed."""

from types import ModuleType

from teleop_collect.errors import MissingExtraError


def import_mujoco() -> ModuleType:
    """The `mujoco` module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import mujoco
    except ImportError as error:
        raise MissingExtraError("mujoco", "sim") from error
    module: ModuleType = mujoco
    return module
