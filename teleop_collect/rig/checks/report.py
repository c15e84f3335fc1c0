"""The result of a rig check: kept with every episode, and the gate before moving and recording."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import ConfigError, UnreadableError
from teleop_collect.rig.calibration.store import load_calibrations, rig_calibration_sha256
from teleop_collect.rig.checks.motion_gate import checks_off, judged, motion_reason
from teleop_collect.rig.checks.result import CheckResult
from teleop_collect.rig.description import urdf_sha256
from teleop_collect.rig.load import LoadedRig

SCHEMA: Literal["teleop_collect.rig_check/1"] = "teleop_collect.rig_check/1"
_MAX_FUTURE_S = 60.0


@dataclass(frozen=True)
class RigCheckReport:
    """All results of one rig check.

    Attributes:
        schema: format of the JSON form.
        rig: the rig's name.
        result: "fail" when a check of severity "error" did not pass.
        at_ns: when it was done, UTC ns.
        rig_sha256: hash of the rig file (calibration included), hex.
        urdf_sha256: hash of the robot descriptions, hex.
        results: one for each check.
        calibration_sha256: hash of all that calibration decides, hex.
        quick_at_ns: when the quick check renewed some of the results; None when it did not.
        motion_at_ns: when the arm moved for each check that needs it, UTC ns; without those for
            which it did not.
        checks_off: names of the checks that the rig file turns off.
    """

    schema: Literal["teleop_collect.rig_check/1"]
    rig: str
    result: Literal["pass", "fail"]
    at_ns: int
    rig_sha256: str
    urdf_sha256: str
    results: tuple[CheckResult, ...]
    calibration_sha256: str = ""
    quick_at_ns: int | None = None
    motion_at_ns: Mapping[str, int] = field(default_factory=dict)
    checks_off: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        loaded: LoadedRig,
        at_ns: int,
        results: tuple[CheckResult, ...],
        before: "RigCheckReport | None" = None,
    ) -> "RigCheckReport":
        """The report of results that belong to a loaded rig.

        Args:
            loaded: the rig.
            at_ns: when it was checked, UTC ns.
            results: one for each check.
            before: the report before this one of the same rig, whose motion stands for checks to
                which the arm did not move now; None without one.
        """
        now = judged(results)
        kept = {} if before is None else judged(before.results)
        results = tuple(r if r.check in now else kept.get(r.check, r) for r in results)
        stood = {} if before is None else before.motion_at_ns
        return cls(
            SCHEMA,
            loaded.rig.name,
            _verdict(results),
            at_ns,
            loaded.sha256,
            urdf_sha256(loaded.rig, loaded.path),
            results,
            current_calibration_sha256(loaded),
            motion_at_ns={**stood, **dict.fromkeys(now, at_ns)},
            checks_off=checks_off(loaded.rig),
        )

    def renewed(self, results: tuple[CheckResult, ...], at_ns: int) -> "RigCheckReport":
        """This report with the results of a quick check in place of the older ones.

        It keeps its own age: a quick check does not stand in for the whole one.
        """
        newer = {result.check: result for result in results}
        merged = tuple(newer.get(result.check, result) for result in self.results)
        verdict = _verdict(merged)
        return dataclasses.replace(self, results=merged, result=verdict, quick_at_ns=at_ns)

    def failures(self) -> tuple[CheckResult, ...]:
        """Results that shut the gate."""
        return tuple(r for r in self.results if not r.passed and r.severity == "error")

    def to_json(self) -> str:
        """One JSON document."""
        return json.dumps(dataclasses.asdict(self), indent=2, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "RigCheckReport":
        """Read what `to_json` wrote.

        Raises:
            UnreadableError: not such a document.
        """
        try:
            return _ADAPTER.validate_json(text, strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the document"
            raise UnreadableError(
                f"not a rig check result ({SCHEMA}): {where} is missing or wrong"
            ) from None

    def is_of(self, loaded: LoadedRig) -> bool:
        """Whether this report is of the rig, robot description and calibration of now."""
        return self._other(loaded) is None

    def is_valid_for(self, loaded: LoadedRig, now_ns: int, max_age_s: float) -> str | None:
        """Why this report does not let the rig move or record; None when it does.

        Args:
            loaded: the rig that is to move.
            now_ns: UTC now, ns.
            max_age_s: oldest report that still counts.
        """
        if self.result == "fail":
            found = "; ".join(f"{r.check}: {r.message}" for r in self.failures())
            return f"the rig check failed: {found}"
        return self.outdated(loaded, now_ns, max_age_s)

    def outdated(self, loaded: LoadedRig, now_ns: int, max_age_s: float) -> str | None:
        """Why this report says nothing of the rig as it is now, good or bad; None when it does.

        Args:
            loaded: the rig that is to move.
            now_ns: UTC now, ns.
            max_age_s: oldest report, and oldest motion, that still counts.
        """
        if (reason := self._other(loaded)) is not None:
            return reason
        if (reason := _age_reason((now_ns - self.at_ns) / NS_PER_S, max_age_s)) is not None:
            return reason
        return self._motion_reason(loaded, now_ns, max_age_s)

    def has_moved_well(self, loaded: LoadedRig, now_ns: int) -> bool:
        """Whether every check that needs the arm to move has seen it, lately, and passed."""
        failed = any(not r.passed for r in judged(self.results).values())
        max_age_s = loaded.rig.check.max_age_s
        return not failed and self._motion_reason(loaded, now_ns, max_age_s) is None

    def _motion_reason(self, loaded: LoadedRig, now_ns: int, max_age_s: float) -> str | None:
        rig, path = loaded.rig, str(loaded.path)
        return motion_reason(rig, path, self.results, self.motion_at_ns, now_ns, max_age_s)

    def _other(self, loaded: LoadedRig) -> str | None:
        """Why this report is not of the rig as it is now; None when it is."""
        if self.rig_sha256 != loaded.sha256:
            return f"the rig file {loaded.path} is not the one that was checked; {_AGAIN}"
        try:
            if self.urdf_sha256 != urdf_sha256(loaded.rig, loaded.path):
                return f"the robot description is not the one that was checked; {_AGAIN}"
        except ConfigError as error:
            return f"the robot description cannot be read: {error}"
        if self.calibration_sha256 != current_calibration_sha256(loaded):
            return f"the calibration is not the one that was checked; {_AGAIN}"
        return None


def current_calibration_sha256(loaded: LoadedRig) -> str:
    """Hash of the rig file's numbers and the current calibration files."""
    return rig_calibration_sha256(loaded.rig, load_calibrations(loaded).file_hashes)


def _verdict(results: tuple[CheckResult, ...]) -> Literal["pass", "fail"]:
    return "fail" if any(not r.passed and r.severity == "error" for r in results) else "pass"


def _age_reason(age_s: float, max_age_s: float) -> str | None:
    if age_s < -_MAX_FUTURE_S:
        return f"the rig check is stamped {-age_s:.0f} s in the future: set the clock; {_AGAIN}"
    if age_s > max_age_s:
        return f"the rig check is {age_s:.0f} s old; the limit is {max_age_s:.0f} s; {_AGAIN}"
    return None


_AGAIN = "run the rig check again"
_ADAPTER = TypeAdapter(RigCheckReport)
