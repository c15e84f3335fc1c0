"""A missing library is named with the command that installs it."""

import importlib.machinery
import sys

import pytest

from teleop_collect.errors import MissingExtraError, MissingSystemLibraryError
from teleop_collect.rig.pinocchio_library import import_pinocchio


class Broken:
    """Finds pinocchio, whose loading fails."""

    def __init__(self, error):
        self.error = error

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name == "pinocchio" else None

    def create_module(self, spec):
        raise self.error

    def exec_module(self, module):
        raise AssertionError("never made")


@pytest.fixture
def fails(monkeypatch):
    monkeypatch.delitem(sys.modules, "pinocchio", raising=False)

    def install(error):
        monkeypatch.setattr(sys, "meta_path", [Broken(error), *sys.meta_path])

    return install


def test_a_missing_library_of_the_system_is_named_with_its_package(fails):
    fails(ImportError("libgomp.so.1: cannot open shared object file: No such file or directory"))
    with pytest.raises(MissingSystemLibraryError, match=r"libgomp\.so\.1.*apt install libgomp1"):
        import_pinocchio("sim")


def test_a_missing_wheel_is_named_with_its_extra(fails):
    fails(ModuleNotFoundError("No module named 'pinocchio'", name="pinocchio"))
    with pytest.raises(MissingExtraError, match=r"pinocchio.*\[sim\]"):
        import_pinocchio("sim")
