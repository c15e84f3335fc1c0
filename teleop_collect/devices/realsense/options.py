"""Sensor options that the rig file sets: visual preset, exposure, gain, white balance."""

from types import ModuleType
from typing import Any

from teleop_collect.devices.realsense.streams import StreamProfiles
from teleop_collect.errors import ConfigError, DeviceError
from teleop_collect.rig.camera_config import RealSenseCamera

COLOR_EXPOSURE_UNIT_US = 100
"""Of the RGB sensor's exposure option (UVC); a depth sensor's is 1 us."""


def apply_options(rs: ModuleType, config: RealSenseCamera, profiles: StreamProfiles) -> None:
    """Put the options of the rig file into a device and read them back.

    Colour keeps its rate: with automatic exposure the sensor may otherwise slow down in dim light.

    Raises:
        ConfigError: the device lacks an option, or the value lies outside its range.
        DeviceError: the device did not take a value.
    """
    if profiles.depth is not None:
        _set_preset(rs, config, profiles.depth.sensor)
    elif config.preset:
        raise ConfigError(
            f"camera {config.serial}: preset {config.preset!r} is one of the depth sensor, and the "
            "rig file says depth: false; remove the preset"
        )
    color = _Sensor(config.serial, "colour", profiles.color.sensor)
    _set_exposure(rs, config, color)
    if config.white_balance_k is None:
        color.set_if_there(rs.option.enable_auto_white_balance, 1)
    else:
        color.set(rs.option.enable_auto_white_balance, 0)
        color.set(rs.option.white_balance, config.white_balance_k)


def _set_preset(rs: ModuleType, config: RealSenseCamera, sensor: Any) -> None:
    if not config.preset:
        return
    presets = rs.rs400_visual_preset.__members__
    key = "_".join(config.preset.lower().split())
    if key not in presets:
        known = ", ".join(name.replace("_", " ") for name in presets)
        raise ConfigError(f"camera {config.serial}: no preset {config.preset!r}; known are {known}")
    depth = _Sensor(config.serial, "depth", sensor)
    depth.set(rs.option.visual_preset, int(presets[key]))


def _set_exposure(rs: ModuleType, config: RealSenseCamera, color: "_Sensor") -> None:
    if config.exposure_us is None:
        if config.gain is not None:
            raise ConfigError(
                f"camera {config.serial}: gain is fixed and exposure_us is not, but automatic "
                "exposure sets both; set exposure_us too, or remove gain"
            )
        color.set_if_there(rs.option.enable_auto_exposure, 1)
        color.set_if_there(rs.option.auto_exposure_priority, 0)
        return
    color.set(rs.option.enable_auto_exposure, 0)
    unit_us = 1 if color.sdk_sensor.is_depth_sensor() else COLOR_EXPOSURE_UNIT_US
    color.set(rs.option.exposure, round(config.exposure_us / unit_us), f" ({unit_us} us each)")
    if config.gain is not None:
        color.set(rs.option.gain, config.gain)


class _Sensor:
    """One sensor whose options are set with checks."""

    def __init__(self, serial: str, name: str, sdk_sensor: Any) -> None:
        self._of = f"{name} sensor of camera {serial}"
        self.sdk_sensor = sdk_sensor

    def set_if_there(self, option: Any, value: float) -> None:
        """Set an option that not all models have."""
        if self.sdk_sensor.supports(option):
            self.set(option, value)

    def set(self, option: Any, value: float, unit: str = "") -> None:
        """Set an option and read it back."""
        name = option.name
        if not self.sdk_sensor.supports(option):
            raise ConfigError(f"the {self._of} has no option {name}; remove it from the rig file")
        allowed = self.sdk_sensor.get_option_range(option)
        if not allowed.min <= value <= allowed.max:
            raise ConfigError(
                f"{name} of the {self._of} is {value:g}{unit} by the rig file and may be "
                f"{allowed.min:g} to {allowed.max:g}"
            )
        try:
            self.sdk_sensor.set_option(option, value)
            taken = self.sdk_sensor.get_option(option)
        except RuntimeError as error:
            raise DeviceError(f"{name} of the {self._of} cannot be set: {error}") from error
        if abs(taken - value) > max(allowed.step, 1e-6) / 2:
            raise DeviceError(
                f"{name} of the {self._of} stays {taken:g} although {value:g} was written"
            )
