"""Errors of drivers, picked out of the output of a rig's processes."""

from teleop_collect.cli.device_reports import DeviceReports

LOST = "leader main: /dev/ttyDXL_leader_main cannot be opened: No such file or directory"
LINES = [
    f"[leader_arm] [ERROR] [1795178266.542507851] [leader_arm]: {LOST}",
    f"[leader_arm] [ERROR] [1795178267.042507851] [leader_arm]: {LOST}",
    "[leader_arm] [INFO] [1795178268.042507851] [leader_arm]: leader main: reading again",
    "[rig_check] [ERROR] [1795178269.755740748] [rig_check]: stream_rates: no rate",
    "[left_camera] [FATAL] [1795178269.755740748] [left.camera]: camera top: gone [USB 2.1]",
    "[leader_bus_emulator_main] emulated leader of arm main: /run/leader_main",
    "Traceback (most recent call last):",
]


def test_each_error_of_a_driver_is_told_once_and_the_checks_own_are_not():
    reports = DeviceReports(ignored=frozenset({"rig_check"}))
    for line in LINES:
        reports.hear(line)
    assert reports.texts == [LOST, "camera top: gone [USB 2.1]"]


def test_a_rig_without_trouble_has_nothing_to_tell():
    assert DeviceReports(ignored=frozenset()).texts == []
