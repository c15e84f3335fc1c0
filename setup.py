"""Build of the ament_python package `teleop_collect`, for colcon and for pip alike."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.install_scripts import install_scripts

PACKAGE = "teleop_collect"
HERE = Path(__file__).resolve().parent
SHARE = Path("share") / PACKAGE

ROS_JAZZY = ["ros-rclpy[fastrtps]==7.1.6", "ros-common-interfaces==5.3.6"]
ROS_KILTED = ["ros-rclpy[fastrtps]==9.1.2", "ros-common-interfaces==5.5.1"]
KINEMATICS = ["pin>=4,<5"]
SIM = ["mujoco>=4,<5", *KINEMATICS, "PyOpenGL>=3.1,<4"]
DYNAMIXEL = ["dynamixel-sdk>=4,<5", "pyserial>=3.5,<4"]
SPACEMOUSE = ["pyspacemouse>=2.1,<3", *KINEMATICS]
IMAGES = ["opencv-python-headless>=4.8,<5"]
CALIBRATION = [*KINEMATICS, *IMAGES]
REALSENSE = ["pyrealsense2>=2.59,<2.60", "libusb-package>=1,<2", *IMAGES]
VIEW = ["rerun-sdk>=0.41,<1"]
LEROBOT = ["av>=15,<19", "pyarrow>=18,<27", "pandas>=2.2,<4"]
TEST = [
    "mcap-ros2-support>=0.5,<1",
    "pytest>=8,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.6,<4",
    "hypothesis>=6.100,<7",
]
LINT = ["ruff>=0.15,<0.18", "mypy>=1.15,<3", "types-PyYAML", "pre-commit>=4,<5"]

ROS_EXECUTABLES = (
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
)


def version() -> str:
    """The version that the package itself states."""
    text = (HERE / PACKAGE / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"{PACKAGE}/__init__.py states no __version__")
    return match.group(1)


def share_files() -> list[tuple[str, list[str]]]:
    """Launch files, configuration and udev rules, installed below share/, folders kept."""
    folders: dict[str, list[str]] = {}
    for folder in ("launch", "config", "udev"):
        for path in sorted((HERE / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                relative = path.relative_to(HERE)
                folders.setdefault(str(SHARE / relative.parent), []).append(str(relative))
    return list(folders.items())


class InstallScripts(install_scripts):
    """Puts `teleop-collect` into bin/ too, where setup.cfg sends all scripts to lib/<package>."""

    def run(self) -> None:
        super().run()
        lib = Path(self.install_dir)
        if lib.parts[-2:] == ("lib", PACKAGE):
            bin_directory = lib.parents[1] / "bin"
            bin_directory.mkdir(exist_ok=True)
            self.outfiles.append(shutil.copy2(lib / "teleop-collect", bin_directory))


setup(
    name=PACKAGE,
    cmdclass={"install_scripts": InstallScripts},
    version=version(),
    description="Record robot-learning demonstrations that can be trusted.",
    author="teleop_collect maintainers",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={"": ["*.urdf", "*.xml", "*.yaml", "*.json", "*.html"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (str(SHARE), ["package.xml"]),
        *share_files(),
    ],
    install_requires=[
        "numpy>=1.26,<3",
        "pydantic>=2.6,<3",
        "PyYAML>=6,<7",
        "mcap>=1.2,<2",
        "zstandard>=0.22,<1",
        "lz4>=4.3,<5",
        "isal>=1.9,<2",
        "rosbags>=0.10,<0.12",
        "rich>=13,<16",
    ],
    extras_require={
        "ros": ROS_JAZZY,
        "ros-kilted": ROS_KILTED,
        "sim": SIM,
        "kinematics": KINEMATICS,
        "dynamixel": DYNAMIXEL,
        "spacemouse": SPACEMOUSE,
        "images": IMAGES,
        "calibration": CALIBRATION,
        "realsense": REALSENSE,
        "lerobot": LEROBOT,
        "view": VIEW,
        "demo": SIM + DYNAMIXEL + LEROBOT,
        "test": TEST,
        "dev": TEST + LINT + VIEW + SPACEMOUSE + REALSENSE,
    },
    entry_points={
        "console_scripts": [
            "teleop-collect = teleop_collect.cli.main:main",
            *(f"{name} = teleop_collect.nodes.{name}:main" for name in ROS_EXECUTABLES),
            "leader_bus_emulator = teleop_collect.devices.bus_emulator.__main__:main",
            "spacemouse_emulator = teleop_collect.devices.spacemouse.__main__:main",
        ],
    },
    zip_safe=False,
)
