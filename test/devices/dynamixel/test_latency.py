"""What an exchange costs in time."""

import pytest

from teleop_collect.devices.dynamixel.latency import latency_timer_ms, sync_read_s


def test_duration_counts_every_byte_delay_and_the_adapter():
    # 14 + 7 bytes out, 7 x 21 bytes back, ten bits each.
    assert sync_read_s(1_000_000, 10, [0.0] * 7, None) == pytest.approx(168e-5)
    assert sync_read_s(4_000_000, 10, [0.0005] * 7, 16.0) == pytest.approx(42e-5 + 0.0035 + 0.016)


def test_latency_timer_is_read_through_the_link(tmp_path):
    device = tmp_path / "dev" / "ttyUSB3"
    device.parent.mkdir()
    device.touch()
    link = tmp_path / "dev" / "by-id"
    link.symlink_to(device)
    setting = tmp_path / "sys" / "class" / "tty" / "ttyUSB3" / "device" / "latency_timer"
    setting.parent.mkdir(parents=True)
    setting.write_text("16\n")
    assert latency_timer_ms(str(link), tmp_path / "sys") == 16.0


def test_ports_without_the_setting_have_none(tmp_path):
    assert latency_timer_ms("/dev/null", tmp_path) is None
