import logging

import numpy as np
import pytest

from teleop_collect.devices.sim.renderer import choose_backend, depth_mm, open_renderer
from teleop_collect.errors import DeviceError


@pytest.fixture
def no_opengl(monkeypatch):
    """OpenGL bindings that no backend can load, as on a machine without the libraries."""
    monkeypatch.setenv("PYOPENGL_PLATFORM", "none")


def test_depth_is_rounded_to_the_nearest_millimetre_and_zero_out_of_range():
    depth_m = np.array([[0.0004, 0.0006, 0.5, 0.50049], [0.50051, 7.9999, 8.0, np.inf]])
    assert depth_mm(depth_m).tolist() == [[0, 1, 500, 500], [501, 8000, 0, 0]]
    assert depth_mm(depth_m).dtype == np.uint16


def test_without_opengl_auto_falls_back_to_ray_casting_and_says_what_to_install(no_opengl, caplog):
    with caplog.at_level(logging.WARNING):
        assert choose_backend("auto") == "raycast"
    (record,) = caplog.records
    assert "apt install libegl1" in record.getMessage()


@pytest.mark.parametrize(("asked", "package"), [("egl", "libegl1"), ("osmesa", "libosmesa6")])
def test_a_backend_asked_for_by_name_is_not_replaced_silently(no_opengl, asked, package):
    said = f"'{asked}'.*PYOPENGL_PLATFORM.*apt install .*{package}"
    with pytest.raises(DeviceError, match=said):
        choose_backend(asked)


def test_ray_casting_needs_no_opengl(no_opengl):
    assert open_renderer("raycast").backend == "raycast"
