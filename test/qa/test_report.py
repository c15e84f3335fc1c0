import base64
import io
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from support import planted_defects as plant
from support import planted_pixels as pixels
from support.planted_kinds import COLOR
from support.synthetic_episode import write_episode

from teleop_collect.pages.svg import Line, Strip, plot, strips, thinned
from teleop_collect.pages.thumbnail import png, thumbnail
from teleop_collect.qa.report.dataset import examine, write_page, write_report
from teleop_collect.qa.report.grouping import grouped

GOOD = "20261120T090000Z-sim_tabletop-aaaaaa"
BAD = "20261120T100000Z-sim_tabletop-bbbbbb"
ATTACK = "<script>alert(1)</script><img src=https://example.org/x onerror=alert(2)>"


class Elements(HTMLParser):
    """Tags with their attributes, and whether every element is closed."""

    VOID = frozenset({"meta", "img"})

    def __init__(self, document: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("root")
    attack = plant.manifest_value(ATTACK, "task", "instruction")
    options = {"duration_s": 1.5, "cameras": ("scene",), "size": (320, 32)}
    folders = [
        write_episode(root, episode_id=GOOD, **options, defects=[attack]),
        write_episode(
            root, episode_id=BAD, **options, defects=[plant.gap(plant_topic(), 0.5, 0.9)]
        ),
    ]
    return write_report(folders, root / "report.html").read_text()


def plant_topic() -> str:
    return "/follower/joint_states"


def test_the_verdict_comes_first_and_every_episode_is_there(document: str):
    body = document[document.index("<body>") :]
    assert body.index("fail") < body.index("2 episodes: 1 fail, 1 pass") < body.index(GOOD)
    assert f'<a href="#{BAD}">' in body
    assert f'<h2 id="{BAD}">' in body
    assert re.search(r"nothing for 40\d ms \(limit 200 ms\)", body)


def test_the_file_is_well_formed_and_needs_nothing_from_outside(document: str):
    elements = Elements(document)
    assert elements.open == []
    assert "script" not in {tag for tag, _ in elements.found}
    sources = [a["src"] or "" for _, a in elements.found if "src" in a]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    links = [a["href"] or "" for _, a in elements.found if "href" in a]
    assert all(link.startswith("#") for link in links)
    assert not any(name.startswith("on") for _, attrs in elements.found for name in attrs)


def test_text_of_an_episode_is_never_markup(document: str):
    assert ATTACK not in document
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document


def test_each_camera_has_three_pictures_and_each_joint_a_plot(document: str):
    elements = Elements(document)
    assert sum(tag == "img" for tag, _ in elements.found) == 2 * 3
    for name in ("requested", "sent", "measured"):
        assert document.count(f">{name}</span>") == 2 * 7
    assert "force (N" in document


def test_it_prints_whole_and_in_its_colours(document: str):
    sizes = [attrs for tag, attrs in Elements(document).found if tag == "svg"]
    assert sizes
    for attrs in sizes:
        assert attrs["viewbox"] == f"0 0 {attrs['width']} {attrs['height']}", "it could not shrink"
    for rule in ("print-color-adjust:exact", "svg[viewBox]{max-width:100%", "break-inside:avoid"):
        assert rule in document


def test_an_episode_of_many_defects_takes_less_than_5_mb(tmp_path: Path):
    noise = pixels.changed(
        COLOR, lambda image: np.random.default_rng(0).integers(0, 256, image.shape)
    )
    losses = [plant.drop_each(topic, 3) for topic in (plant_topic(), "/follower/wrench", COLOR)]
    toggles = [plant.status_values(n / 10, n / 10 + 0.05, limiters="1") for n in range(30)]
    folder = write_episode(
        tmp_path, cameras=("scene",), size=(160, 120), defects=[noise, *losses, *toggles]
    )
    assert write_report([folder], tmp_path / "x.html").stat().st_size < 5 << 20


def test_marks_that_nobody_can_tell_apart_are_one():
    marks = [(n * 1e-4, n * 1e-4 + 5e-5) for n in range(100_000)]
    drawn = strips([Strip("/x", "#b3261e", marks)], 10.0)
    assert drawn.count("#b3261e") == 1
    apart = strips([Strip("/x", "#b3261e", [(n, n + 0.1) for n in range(10)])], 10.0)
    assert apart.count("#b3261e") == 10


def test_one_episode_is_compared_with_those_of_its_root_that_were_checked_before(tmp_path: Path):
    options = {"duration_s": 1.0, "cameras": (), "size": (16, 16)}
    other = write_episode(tmp_path, episode_id=GOOD, **options)
    own = write_episode(tmp_path, episode_id=BAD, **options)
    assert "other episodes of" not in write_report([own], tmp_path / "a.html").read_text()
    examine(other, draw=False)
    assert "Among 1 other episodes of" in write_report([own], tmp_path / "b.html").read_text()


def test_many_episodes_get_a_file_each(tmp_path: Path):
    folder = write_episode(tmp_path, duration_s=0.5, cameras=(), size=(16, 16))
    entry = examine(folder, draw=True)
    entries = [
        replace(entry, document={**entry.document, "episode_id": f"../{n} #?"}) for n in range(60)
    ]
    out = write_page(entries, tmp_path / "all of it.html")
    links = [a["href"] or "" for _, a in Elements(out.read_text()).found if "href" in a]
    assert len(set(links)) == 60
    for link in links:
        linked = out.parent / unquote(link)
        assert linked.parent.name == "all of it.episodes"
        assert Elements(linked.read_text()).open == []
    assert out.stat().st_size < 100_000


def test_a_gap_is_drawn_where_it_is():
    drawn = strips([Strip("/x", "#b3261e", [(0.5, 0.9)])], 2.0)
    found = re.search(r'x="([\d.]+)" y="1" width="([\d.]+)" height="11" fill="#b3261e"', drawn)
    assert found
    x, width = found.groups()
    assert (float(x), float(width)) == pytest.approx((330 + 0.25 * 730, 0.2 * 730))


def test_thinning_keeps_extremes_and_order():
    t_s = np.arange(50_000) / 100
    values = np.sin(t_s)
    values[12_345], values[40_000], values[7] = 9.0, -9.0, np.nan
    kept_t, kept = thinned(t_s, values)
    assert len(kept) <= 320
    assert (kept.max(), kept.min()) == (9.0, -9.0)
    assert (np.diff(kept_t) >= 0).all()


def test_a_plot_without_numbers_is_empty():
    assert plot("x", "rad", [Line("a", "red", np.arange(3.0), np.full(3, np.nan))]) == ""


def test_png_holds_the_pixels():
    image = np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8)
    data = png(image)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    stream, chunks = io.BytesIO(data[8:]), {}
    while head := stream.read(8):
        length, kind = struct.unpack(">I4s", head)
        body = stream.read(length)
        assert struct.unpack(">I", stream.read(4)) == (zlib.crc32(kind + body),)
        chunks[kind] = body
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (5, 7, 8, 2, 0, 0, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(7, 16)
    assert set(rows[:, 0]) == {2}
    pixels = np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8)
    np.testing.assert_array_equal(pixels.reshape(7, 5, 3), image)


def test_pictures_are_small():
    drawn = thumbnail(np.zeros((480, 640, 3), np.uint8), 'a "title"')
    data = base64.b64decode(drawn.split("base64,")[1].rstrip('">'))
    assert struct.unpack(">II", data[16:24]) == (160, 120)
    assert "a &quot;title&quot;" in drawn


def test_findings_that_say_the_same_are_one_line():
    findings = [
        {"severity": "review", "check": "gaps", "message": m, "stream": s}
        for m, s in [("a", "/1"), ("b", "/1"), ("a", "/2"), ("a", "/3"), ("a", "/4"), ("c", None)]
    ]
    assert [(f["message"], streams) for f, streams in grouped(findings)] == [
        ("a", "/1, /2, /3 and 1 more"),
        ("b", "/1"),
        ("c", ""),
    ]
