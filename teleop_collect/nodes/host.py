"""One ROS node in one process: context, services thread, signals, exit code.

The main thread belongs to the node's own loop. Services, parameters and slow timers are served by
an executor in a second thread; `Host.lock` keeps the two apart.
"""

import errno
import threading
import traceback
from collections.abc import Callable
from typing import Any, Protocol, Self

import rclpy
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from teleop_collect.errors import EXIT_GOOD, EXIT_USAGE, TeleopCollectError
from teleop_collect.process import StopSignal, die_with_parent
from teleop_collect.rig.load import LoadedRig, load_rig


class Runnable(Protocol):
    """A node's own part: runs until the host's stop is set, then closes what it opened."""

    def run(self) -> None:
        """The node's loop; returns when `host.stop` is set."""
        ...

    def close(self) -> None:
        """Release everything; called once, also after an error."""
        ...


class Host:
    """Owns the ROS side of one process."""

    def __init__(self, name: str, arguments: list[str] | None, stop: StopSignal) -> None:
        self.stop = stop
        self.lock = threading.RLock()
        self._context = Context()
        rclpy.init(
            args=arguments,
            context=self._context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
        self.node: Node = rclpy.create_node(name, context=self._context)
        self.exit_code = EXIT_GOOD
        self._executor = SingleThreadedExecutor(context=self._context)
        self._thread = threading.Thread(target=self._spin, name="services", daemon=True)

    def parameter(self, name: str, default: Any, description: str) -> Any:
        """Declare a parameter and return its value."""
        from rcl_interfaces.msg import ParameterDescriptor

        descriptor = ParameterDescriptor(description=description)
        return self.node.declare_parameter(name, default, descriptor).value

    def rig(self) -> LoadedRig:
        """The rig that the parameter `rig` names (a shipped rig or a path)."""
        return load_rig(self.parameter("rig", "sim_tabletop", "shipped rig or path of a rig file"))

    def serve(self) -> None:
        """Start answering services and running timers."""
        self._executor.add_node(self.node)
        self._thread.start()

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            pass
        except Exception as error:
            # The main loop cannot catch it: without its services a node is none that a rig can use.
            log = self.node.get_logger()
            log.fatal(
                f"services ended by {error!r}; please report this with the log at level debug"
            )
            log.debug(traceback.format_exc())
            self.exit_code = EXIT_USAGE
            self.stop.set()

    def attempt(self, call: Callable[[], None]) -> None:
        """Run a part of the node; what ends it on purpose, or the disk, ends in one message."""
        try:
            call()
        except TeleopCollectError as error:
            self._end(error.exit_code, str(error))
        except OSError as error:
            self._end(EXIT_USAGE, told(error))

    def _end(self, code: int, message: str) -> None:
        self.node.get_logger().fatal(message)
        self.exit_code = self.exit_code or code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._executor.shutdown(timeout_sec=1.0)
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


def answering(call: Callable[[Any], str]) -> Callable[[Any, Any], Any]:
    """A service callback that answers what `call` returns, or why it refused."""

    def callback(request: Any, response: Any) -> Any:
        try:
            response.message, response.success = call(request), True
        except TeleopCollectError as error:
            response.message, response.success = str(error), False
        except OSError as error:
            response.message, response.success = told(error), False
        return response

    return callback


HINTS = {
    errno.ENOSPC: "; make room on that disk",
    errno.EDQUOT: "; make room within the quota",
    errno.EROFS: "; the disk is mounted read-only",
    errno.EACCES: "; make it writable for this user",
}


def told(error: OSError) -> str:
    """What the operating system refused, for a person."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}{HINTS.get(error.errno or 0, '')}"


def run_node(
    name: str, build: Callable[[Host], Runnable], arguments: list[str] | None = None
) -> int:
    """Run one node until SIGINT, SIGTERM or its own end.

    Args:
        name: the node's name.
        build: makes the node's own part on a host.
        arguments: command line with `--ros-args`; the process's own when None.

    Returns:
        0, or the exit code of the first error that ended it; each error's message is logged once.
    """
    die_with_parent()
    stop = StopSignal().install()
    with Host(name, arguments, stop) as host:
        host.attempt(lambda: _live(host, build))
    return host.exit_code


def _live(host: Host, build: Callable[[Host], Runnable]) -> None:
    runnable = build(host)
    try:
        host.serve()
        host.attempt(runnable.run)
    finally:
        host.attempt(runnable.close)
