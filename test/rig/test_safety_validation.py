"""Safety sections that contradict themselves, and rates that a bus cannot reach."""

from pathlib import Path

import pytest
from support.rig_files import load_tiny

from teleop_collect.errors import ConfigError
from teleop_collect.rig.bus_rate import exchange_s

WRENCH = "    wrench: {rate_hz: 500, frame_id: tool}\n"


def test_bytes_of_an_exchange() -> None:
    # 14 + 2 bytes ask two servos, which answer 21 bytes each; ten bits a byte.
    assert exchange_s(2, 1_000_000, with_goals=False) == pytest.approx(580e-6)
    # A Sync Write of two goals has 14 + 2 * 5 bytes.
    assert exchange_s(2, 1_000_000, with_goals=True) == pytest.approx(820e-6)


def test_a_rate_that_the_bus_cannot_reach_is_refused_with_both_values(tmp_path: Path) -> None:
    port = "      port: sim://tiny\n"
    with pytest.raises(ConfigError, match=r"arms.main.leader.rate_hz") as refused:
        load_tiny(tmp_path, (port, f"{port}      baud: 57600\n"))
    text = str(refused.value)
    assert "2 servos need 10.07 ms an exchange at 57600 baud, so at most 99 Hz" in text
    assert "200" in text


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("workspace: {box: {lower_m: [0, 0, 1], upper_m: [1, 1, 0]}}", "z from 1 to 0 m leaves no"),
        ("workspace: {planes: [{normal: [0, 0, 0]}]}", "has no direction"),
        ("collision: {slow_m: 0.01, stop_m: 0.02}", "must be at least stop_m"),
        ("collision: {table: {normal: [0, 0, 0]}}", "has no direction"),
        ("wrench_guard: {soft_n: 50, hard_n: 40}", "must be greater than soft_n"),
        ("wrench_guard: {soft_nm: 5}", "soft_nm and hard_nm go together"),
        ("wrench_guard: {soft_nm: 5, hard_nm: 4}", "must be greater than soft_nm"),
        ("deadman: {driver: leader_joint, joint: pedal, threshold_rad: 1}", "no such leader joint"),
        ("deadman: {driver: pedal, topic: x}", "driver"),
    ],
)
def test_a_contradiction_is_refused(tmp_path: Path, section: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_tiny(tmp_path, (WRENCH, f"{WRENCH}    {section}\n"))


def test_a_limiter_can_be_turned_off_by_its_name_alone(tmp_path: Path) -> None:
    def named(limiters: str) -> tuple[str, ...]:
        edit = ("cameras:\n", f"teleop: {{limits_off: {limiters}}}\ncameras:\n")
        return load_tiny(tmp_path, edit).rig.teleop.limits_off

    assert named("[jerk, collision]") == ("jerk", "collision")
    with pytest.raises(ConfigError, match="limits_off"):
        named("[position]")
