"""The page about a rig check: whole, self-contained, with pictures, and safe."""

import errno
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.rig_files import load_tiny
from support.rig_observations import good_context, spoiled

from teleop_collect.errors import DeviceError
from teleop_collect.rig.checks.page.document import document, write_page
from teleop_collect.rig.checks.report import RigCheckReport
from teleop_collect.rig.checks.run import NAMES, run_checks


class Tags(HTMLParser):
    """Counts elements and collects what they refer to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.sources: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.sources += [value for name, value in attrs if name in ("src", "href")]


@pytest.fixture
def context(tmp_path: Path):
    return good_context(load_tiny(tmp_path), tmp_path / "recordings")


def _report(context) -> RigCheckReport:
    return RigCheckReport.of(context.loaded, 1_700_000_000_000_000_000, run_checks(context))


def test_every_check_joint_camera_and_rate_is_on_the_page(context):
    html = document(context, _report(context))
    tags = Tags(html)

    assert all(f"<td>{name}</td>" in html for name in NAMES)
    for text in ("shoulder (-1 to 1 rad)", "gripper (0 to 0.04 m)", "Test motion", "Camera scene"):
        assert text in html
    assert "follower/wrench: interval" in html
    assert tags.counts["img"] == 2, "colour and depth"
    assert tags.counts["svg"] >= 2 + 2 + 8, "limit bars, test motion, histograms"
    assert all(source.startswith("data:image/png") for source in tags.sources)
    assert "2023-11-14 22:13:20 UTC" in html


def test_what_failed_stands_first_with_what_to_do(context):
    broken = spoiled(context, "follower/wrench", changes=0)
    html = document(broken, _report(broken))

    assert '<span class="v fail">fail</span>' in html[: html.index("<table>")]
    first_row = html[html.index("<td>") :].split("</tr>")[0]
    assert "wrench_alive" in first_row
    assert "check the sensor&#x27;s cable, power and driver" in first_row


def test_text_from_drivers_is_never_markup(context):
    hostile = spoiled(context, "robot_description", sample="<script>alert(1)</script>")
    assert "<script>" not in document(hostile, _report(hostile))


def test_the_page_is_written_whole_or_not_at_all(context, tmp_path: Path):
    report = _report(context)
    written = write_page(context, report, tmp_path / "check.html")
    assert written.read_text().endswith("</html>\n")

    with pytest.raises(DeviceError, match="cannot write the page"):
        write_page(context, report, tmp_path / "absent" / "check.html")
    assert {p.name for p in tmp_path.glob("*.html*")} == {"check.html"}


def test_a_read_only_disk_is_named_as_what_it_is(context, tmp_path: Path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "write_text", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(DeviceError, match=r"cannot write the page .*: Read-only file system"):
        write_page(context, _report(context), tmp_path / "check.html")
