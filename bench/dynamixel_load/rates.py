"""How often a cycle runs, as fast as it goes or paced, and what it costs."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from report import Figure

from teleop_collect.clock import PacedLoop, SystemClock
from teleop_collect.errors import DeviceTimeout

RUN_S = 4.0
SHORT_RUN_S = 2.0
RUNS = 3
WARM_UP_S = 0.3


def measure(cycle: Callable[[], None], limit: float) -> dict[str, Figure]:
    """The best of three runs as fast as a cycle goes: other work on the machine only slows it.

    `share_of_limit` is of the mean rate, `share_at_p50` of the median period, to which single
    stalls of the machine do not count; `worst_share_of_limit` is of the slowest run.
    """
    rows = [_run(cycle, limit) for _ in range(RUNS)]
    shares = [float(row["share_of_limit"] or 0) for row in rows]
    best = rows[shares.index(max(shares))]
    return best | {"worst_share_of_limit": min(shares)}


def _run(cycle: Callable[[], None], limit: float) -> dict[str, Figure]:
    """One run; cycles without an answer do not count."""
    warm = time.perf_counter() + WARM_UP_S
    while time.perf_counter() < warm:
        with suppress(DeviceTimeout):
            cycle()
    periods, missed = [], 0
    cpu_s, start = time.process_time(), time.perf_counter()
    last = start
    while last - start < SHORT_RUN_S:
        try:
            cycle()
        except DeviceTimeout:
            missed += 1
            continue
        now = time.perf_counter()
        periods.append(now - last)
        last = now
    wall_s, used_s = last - start, time.process_time() - cpu_s
    rate_hz = len(periods) / wall_s
    row: dict[str, Figure] = {
        "rate_hz": round(rate_hz, 1),
        "limit_hz": round(limit, 1),
        "share_of_limit": round(rate_hz / limit, 3),
        "share_at_p50": round(1.0 / float(np.median(periods)) / limit, 3),
    }
    return row | spread(np.array(periods), used_s / wall_s) | {"missed_reads": missed}


def spread(periods_s: NDArray[np.float64], cpu_share: float) -> dict[str, Figure]:
    """Periods and CPU of this process."""
    p50, p99 = np.percentile(periods_s, [50, 99])
    return {
        "period_p50_ms": round(1000 * p50, 3),
        "period_p99_ms": round(1000 * p99, 3),
        "cpu_percent": round(100 * cpu_share, 1),
    }


def paced(cycles: list[Callable[[], None]], rate_hz: float) -> dict[str, Figure]:
    """Run cycles at a fixed rate, each in a thread of its own, as the nodes do."""
    periods: list[list[int]] = [[] for _ in cycles]
    missed = [0] * len(cycles)

    def run(index: int) -> None:
        loop = PacedLoop(rate_hz, SystemClock())
        end = time.monotonic() + RUN_S
        last_ns = loop.wait()
        while time.monotonic() < end:
            try:
                cycles[index]()
            except DeviceTimeout:
                missed[index] += 1
            now_ns = loop.wait()
            periods[index].append(now_ns - last_ns)
            last_ns = now_ns

    cpu_s, start = time.process_time(), time.perf_counter()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(cycles))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall_s, used_s = time.perf_counter() - start, time.process_time() - cpu_s
    together = np.concatenate([np.array(p) / 1e9 for p in periods])
    answered = min(len(p) - m for p, m in zip(periods, missed, strict=True))
    row: dict[str, Figure] = {"rate_hz": round(answered / RUN_S, 1)}
    return row | spread(together, used_s / wall_s) | {"missed_reads": sum(missed)}
