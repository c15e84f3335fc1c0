"""The result of a rig check: kept with every episode, and the gate before moving and recording."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from teleop_collect.clock import NS_PER_S
from teleop_collect.errors import ConfigError, UnreadableError
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
    """

    schema: Literal["teleop_collect.rig_check/1"]
    rig: str
    result: Literal["pass", "fail"]
    at_ns: int
    rig_sha256: str
    urdf_sha256: str
    results: tuple[CheckResult, ...]

    @classmethod
    def of(
        cls, loaded: LoadedRig, at_ns: int, results: tuple[CheckResult, ...]
    ) -> "RigCheckReport":
        """The report of results that belong to a loaded rig."""
        blocked = any(not r.passed and r.severity == "error" for r in results)
        urdf = urdf_sha256(loaded.rig, loaded.path)
        verdict: Literal["pass", "fail"] = "fail" if blocked else "pass"
        return cls(SCHEMA, loaded.rig.name, verdict, at_ns, loaded.sha256, urdf, results)

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
        if self.rig_sha256 != loaded.sha256:
            return f"the rig file {loaded.path} is not the one that was checked; {_AGAIN}"
        try:
            if self.urdf_sha256 != urdf_sha256(loaded.rig, loaded.path):
                return f"the robot description is not the one that was checked; {_AGAIN}"
        except ConfigError as error:
            return f"the robot description cannot be read: {error}"
        return _age_reason((now_ns - self.at_ns) / NS_PER_S, max_age_s)


def _age_reason(age_s: float, max_age_s: float) -> str | None:
    if age_s < -_MAX_FUTURE_S:
        return f"the rig check is stamped {-age_s:.0f} s in the future: set the clock; {_AGAIN}"
    if age_s > max_age_s:
        return f"the rig check is {age_s:.0f} s old; the limit is {max_age_s:.0f} s; {_AGAIN}"
    return None


_AGAIN = "run the rig check again"
_ADAPTER = TypeAdapter(RigCheckReport)
