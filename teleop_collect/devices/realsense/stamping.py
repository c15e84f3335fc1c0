"""UTC stamps of frames: exposure by the camera's clock, mapped to the host's."""

from dataclasses import dataclass

from teleop_collect.clock import Clock
from teleop_collect.devices.realsense.device_clock import ClockFit, DeviceClock, WrappingCounter

NS_PER_US = 1_000
NS_PER_MS = 1_000_000

MAX_ARRIVAL_AGE_NS = 1_000_000_000
"""An arrival time older than this was stored in a recording, or the wall clock was set since."""


@dataclass(frozen=True)
class FrameTiming:
    """What the SDK says of the time of one frame.

    Attributes:
        timestamp_ms: `frame.get_timestamp()`.
        domain: its clock: `hardware_clock`, `global_time` (the SDK's own conversion to the host's
            clock) or `system_time` (arrival at the host).
        counter_us: the camera's 32-bit counter at readout (metadata `frame_timestamp`), or None.
        exposure_lead_us: how long before that the middle of the exposure was (metadata
            `frame_timestamp` - `sensor_timestamp`); 0 when the camera does not tell.
        arrival_utc_ms: when the SDK got the frame (metadata `time_of_arrival`), whole ms, or None.
    """

    timestamp_ms: float
    domain: str
    counter_us: int | None = None
    exposure_lead_us: int = 0
    arrival_utc_ms: int | None = None


class FrameStamper:
    """Stamps the frames of one camera from connecting to closing it.

    The camera's raw counter is preferred to the SDK's timestamp, which may have been converted.

    Args:
        clock: the host's clocks.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._device_clock = DeviceClock()
        self._counter = WrappingCounter()
        self._source = "unknown"

    @property
    def source(self) -> str:
        """Which clock the stamps come from: `frame_timestamp`, or the domain of the timestamps."""
        return self._source

    @property
    def steps(self) -> int:
        """How often that clock was set, or its device restarted, without closing the camera."""
        return self._device_clock.steps

    @property
    def fit(self) -> ClockFit | None:
        """The camera's clock on the host's monotonic clock; None before the first frame."""
        return self._device_clock.fit

    def stamp_ns(self, timing: FrameTiming) -> int:
        """UTC time of the middle of the exposure, ns; never in the future."""
        now_ns, utc_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        arrived_ns = now_ns - _age_ns(timing, utc_ns)
        readout_ns = self._device_clock.host_ns(self._device_ns(timing), arrived_ns)
        return utc_ns - (now_ns - readout_ns) - timing.exposure_lead_us * NS_PER_US

    def _device_ns(self, timing: FrameTiming) -> int:
        if timing.counter_us is not None:
            self._source = "frame_timestamp"
            return self._counter.extended_us(timing.counter_us) * NS_PER_US
        self._source = timing.domain
        if timing.domain == "hardware_clock":
            return self._counter.extended_us(round(timing.timestamp_ms * 1_000)) * NS_PER_US
        return round(timing.timestamp_ms * NS_PER_MS)


def _age_ns(timing: FrameTiming, utc_ns: int) -> int:
    """How long ago the frame arrived, at least.

    Arrival is told in whole milliseconds, rounded down. Rounded up, it is never too early, and the
    earliest arrivals, on which the mapping rests, come out right.
    """
    if timing.arrival_utc_ms is None:
        return 0
    age_ns = utc_ns - (timing.arrival_utc_ms + 1) * NS_PER_MS
    return age_ns if 0 <= age_ns <= MAX_ARRIVAL_AGE_NS else 0
