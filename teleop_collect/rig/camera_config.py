"""Cameras of the rig file: simulated, RealSense by serial number, or published by another node."""

from typing import Annotated, Literal

from pydantic import Field

from teleop_collect.rig.section import Mount, Positive, Section

Pixels = Annotated[int, Field(ge=16, le=4096)]


class CameraSection(Section):
    """What all cameras have."""

    serial: str = ""
    width: Pixels
    """Of the colour image, and of depth aligned to it, px."""
    height: Pixels
    fps: Positive = 30.0
    depth: bool = True
    transport: Literal["raw", "compressed"] = "raw"
    """The one variant that is recorded: images as they are, or JPEG and compressedDepth."""
    mount: Mount = Mount()
    """Optical frame (x right, y down, z forward) in its parent: `world` or `ARM/LINK`."""


class SimCamera(CameraSection):
    """A camera of the simulated rig."""

    driver: Literal["sim"]
    fovy_rad: Positive = 0.9
    """Vertical field of view."""


class RealSenseCamera(CameraSection):
    """An Intel RealSense D4xx, driven by the node `camera`."""

    driver: Literal["realsense"]
    serial: Annotated[str, Field(min_length=1)]
    """As printed on the camera and by `rs-enumerate-devices -s`."""
    depth_width: Pixels | None = None
    """Of the depth sensor before alignment, px; the colour image's when absent."""
    depth_height: Pixels | None = None
    depth_fps: Positive | None = None
    preset: str = ""
    """Visual preset of the depth sensor, such as `High Accuracy`; as it is when empty."""
    exposure_us: Annotated[int, Field(ge=1, le=200_000)] | None = None
    """Fixed exposure of the colour sensor, us; automatic when absent."""
    gain: Annotated[int, Field(ge=0, le=248)] | None = None
    """Fixed gain of the colour sensor; as it is when absent."""
    white_balance_k: Annotated[int, Field(ge=2800, le=6500)] | None = None
    """Fixed white balance, K; automatic when absent."""
    usb_min: Literal["2.0", "2.1", "3.0", "3.1", "3.2"] = "3.0"
    """Slowest USB connection with which the camera may be used."""


class TopicCamera(CameraSection):
    """A camera that another node drives under realsense-ros's names."""

    driver: Literal["topic"]
    namespace: str = ""
    """What stands before `/color/image_raw`, as `/camera/camera`; `cameras/NAME` when empty."""
    metadata: bool = False
    """Whether the driver is realsense-ros: its frame numbers (`color/metadata`, needs the package
    realsense2_camera_msgs) are recorded, and show images lost in the camera or on USB."""
    fovy_rad: Positive = 0.9
    """Vertical field of view, for drawings."""


Camera = Annotated[SimCamera | RealSenseCamera | TopicCamera, Field(discriminator="driver")]
