"""LeRobotDataset v3.0: written directly with PyAV and pyarrow, without lerobot or torch.

Importing this package needs the `lerobot` extra; so import it where an export begins.
"""

from teleop_collect.errors import MissingExtraError

try:
    import av
    import pandas
    import pyarrow
except ImportError as error:
    raise MissingExtraError(error.name or "av", "lerobot") from error

__all__ = ["av", "pandas", "pyarrow"]
