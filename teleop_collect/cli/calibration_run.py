"""What all `calibrate` verbs share: the running rig, the new file, and what is printed of it."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from teleop_collect import __version__, topics
from teleop_collect.cli.device_reports import DeviceReports
from teleop_collect.cli.output import print_json, print_table
from teleop_collect.cli.session import RigSession, SessionOptions, connect_client
from teleop_collect.errors import EXIT_GOOD, BusyError, CheckFailed, ConfigError, MissingExtraError
from teleop_collect.provenance.manifest import iso_utc
from teleop_collect.rig.calibration.devices import serials_of
from teleop_collect.rig.calibration.drift import measured
from teleop_collect.rig.calibration.records import Calibration
from teleop_collect.rig.calibration.store import write_calibration
from teleop_collect.rig.calibration.values import Values
from teleop_collect.rig.load import LoadedRig
from teleop_collect.rig.processes import TELEOP_ROLES, Role, processes_of

if TYPE_CHECKING:
    from teleop_collect.nodes.calibration_rig import CalibrationRig

FIND_RUNNING_S = 3.0
AUTO_ROLES = frozenset({Role.DEVICE, Role.CAMERA})


@dataclass(frozen=True)
class Finding:
    """What a calibration found, before it has a file.

    Attributes:
        device: as in calibration files.
        depends_on: devices whose serial numbers the values are bound to, `device` among them.
        values: what was found.
        method: how, in words.
        samples: poses, images or readings that went in.
        residuals: what the fit left over, by name with unit.
        uncertainty: standard errors, by name with unit.
        page: an HTML page of it; empty when there is nothing to draw.
    """

    device: str
    depends_on: tuple[str, ...]
    values: Values
    method: str
    samples: int
    residuals: Mapping[str, float]
    uncertainty: Mapping[str, float]
    page: str = ""


class Guide:
    """Tells the person, on stderr, what to do next; says nothing twice in a row.

    Args:
        timeout_s: after which a person counts as gone.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._end_s = time.monotonic() + timeout_s
        self._said = ""

    def say(self, text: str) -> None:
        """Print a line."""
        if text != self._said:
            print(text, file=sys.stderr, flush=True)
            self._said = text

    @property
    def left_s(self) -> float:
        """Time that is left."""
        return max(0.0, self._end_s - time.monotonic())

    def went_away(self, missing: str) -> CheckFailed:
        """What to raise when the time is over."""
        return CheckFailed(
            f"not finished within {self.timeout_s:g} s; {missing}. Nothing was written; the "
            "previous calibration stays"
        )


@contextmanager
def live_rig(loaded: LoadedRig, *, auto: bool, alone: bool = False) -> Iterator["CalibrationRig"]:
    """The rig that runs on this ROS domain, or its devices started for this calibration.

    Args:
        loaded: the rig.
        auto: no person moves the arm, so teleoperation is not started.
        alone: refuse a rig that runs already: its drivers may still use older zeros.

    Raises:
        BusyError: a rig runs already and must not.
        ConfigError: `auto` on a rig that is not simulated.
        MissingExtraError: rclpy is not installed.
    """
    if auto and loaded.rig.sim is None:
        raise ConfigError(
            f"--auto moves simulated arms only, and rig {loaded.rig.name} is not simulated; move "
            "the arm by hand or by teleoperation and leave --auto out"
        )
    try:
        from teleop_collect.nodes.calibration_rig import CalibrationRig
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "rclpy", "ros") from error
    with ExitStack() as stack:
        with connect_client() as client:
            running = client.appears(topics.RIG_CHECK_RUN, FIND_RUNNING_S)
        if running and alone:
            raise BusyError(
                "a rig is running on this ROS domain and its drivers use the zeros of its start; "
                "stop it, then calibrate"
            )
        check_alive = None
        if not running:
            logs = stack.enter_context(tempfile.TemporaryDirectory(prefix="teleop_collect-"))
            options = SessionOptions(root=Path(logs), echo=DeviceReports(frozenset()).hear)
            roles = AUTO_ROLES if auto else TELEOP_ROLES
            session = RigSession(loaded, options, processes_of(loaded, roles))
            check_alive = stack.enter_context(session).check_alive
        rig = stack.enter_context(CalibrationRig(loaded))
        rig.check_alive = check_alive
        yield rig


def keep(loaded: LoadedRig, finding: Finding, args: argparse.Namespace) -> int:
    """Write the new version of a calibration file, and print what it says."""
    now_ns, serials = time.time_ns(), serials_of(loaded.rig)
    calibration = Calibration(
        rig=loaded.rig.name,
        device=finding.device,
        serials={device: serials.get(device, "") for device in finding.depends_on},
        version=1,
        made=iso_utc(now_ns),
        made_ns=now_ns,
        operator=args.operator or loaded.rig.provenance.operator,
        software_version=__version__,
        method=finding.method,
        samples=finding.samples,
        residuals=dict(finding.residuals),
        uncertainty=dict(finding.uncertainty),
        values=finding.values,
    )
    stored = write_calibration(loaded, calibration)
    page = stored.path.with_suffix(".html")
    drawn = bool(finding.page) and _write_page(page, finding.page)
    if args.json:
        document = stored.calibration.model_dump(mode="json", by_alias=True)
        print_json({"path": str(stored.path), "calibration": document})
        return EXIT_GOOD
    rows = [(name, f"{value:.6g}") for name, value in measured(stored.calibration).items()]
    rows += [(f"residual {name}", f"{value:.4g}") for name, value in finding.residuals.items()]
    rows += [(f"error {name}", f"{value:.4g}") for name, value in finding.uncertainty.items()]
    print_table(f"{stored.calibration.kind} of {finding.device}", ("value", ""), rows)
    print(f"version {stored.calibration.version}: {stored.path}")
    if drawn:
        print(f"plots: {page}")
    return EXIT_GOOD


def _write_page(page: Path, text: str) -> bool:
    """Write the page whole or not at all; the calibration it belongs to is kept already."""
    unfinished = page.with_name(f".{page.name}.{os.getpid()}.partial")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(page)
    except OSError as error:
        print(f"the calibration is kept, its plots are not: {error}", file=sys.stderr)
        return False
    finally:
        unfinished.unlink(missing_ok=True)
    return True
