"""LeRobotDataset v3.0: written directly with PyAV and pyarrow, without lerobot or torch.

Importing this package needs the `lerobot` extra; so import it where an export begins.
"""

import importlib

from teleop_collect.errors import MissingExtraError

for _library in ("av", "pandas", "pyarrow"):
    try:
        importlib.import_module(_library)
    except ImportError as error:
        raise MissingExtraError(_library, "lerobot") from error
