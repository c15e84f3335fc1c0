"""Check: enough shared memory for images to pass between processes in one piece."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good
from teleop_collect.rig.processes import LARGE_SHM_FREE_BYTES, SHM_DIR


class SharedMemory:
    """Below the limit the smaller DDS profile is used, which may lose images under load."""

    name = "shared_memory"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare free shared memory with what the large DDS profile asks for."""
        free, limit = context.machine.shm_free_bytes, LARGE_SHM_FREE_BYTES
        message = f"{free / 1e6:.0f} MB free in {SHM_DIR}"
        if context.rig.cameras and free < limit:
            todo = f"enlarge {SHM_DIR}; for a container: docker run --shm-size=2g"
            return bad(self, message, todo, free, limit, "bytes")
        return good(self, message, free, limit, "bytes")
