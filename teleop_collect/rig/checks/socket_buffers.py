"""Check: images from other machines fit into socket buffers."""

from teleop_collect.rig.checks.context import CheckContext
from teleop_collect.rig.checks.result import CheckResult, Severity, bad, good

MIN_BYTES = 2_097_152
"""A raw 640x480 colour image twice. Linux comes with 212992 (net.core.rmem_max)."""


class SocketBuffers:
    """`net.core.rmem_max`; does not matter while ROS stays on this machine (shared memory)."""

    name = "socket_buffers"
    severity: Severity = "warning"

    def run(self, context: CheckContext) -> CheckResult:
        """Compare the kernel's limit."""
        size = context.machine.socket_buffer_bytes
        if context.machine.local_only or not context.rig.cameras:
            message = "ROS stays on this machine: images pass through shared memory"
            return good(self, message, size, MIN_BYTES, "bytes")
        if size is None:
            todo = "look at net.core.rmem_max yourself"
            return bad(self, "the kernel does not tell", todo, "unknown", MIN_BYTES, "bytes")
        message = f"a socket may buffer {size / 1e6:.1f} MB"
        if size < MIN_BYTES:
            todo = "sudo sysctl -w net.core.rmem_max=16777216, and keep it in /etc/sysctl.d"
            return bad(self, message, todo, size, MIN_BYTES, "bytes")
        return good(self, message, size, MIN_BYTES, "bytes")
