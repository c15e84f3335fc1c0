import os

import av
import pytest
from support.memory_steps import coded_image, read_code

from teleop_collect.errors import CheckFailed
from teleop_collect.export.lerobot.video import (
    JoinedVideo,
    VideoSettings,
    decode_frames,
    encode,
    frame_numbers,
)

CODECS = ("h264", "av1")


@pytest.mark.parametrize("codec", CODECS)
def test_joined_episodes_keep_every_frame_at_its_place(tmp_path, codec):
    settings = VideoSettings(30, codec)
    lengths = (7, 1, 12)
    joined = None
    for episode, length in enumerate(lengths):
        path = tmp_path / f"{episode}.mp4"
        images = (coded_image(episode, step) for step in range(length))
        assert encode(images, path, settings) == length
        joined = joined or JoinedVideo(tmp_path / "joined.mp4", path, 30)
        assert joined.append(path, length) == sum(lengths[:episode])
    joined.close()
    assert frame_numbers(joined.path, 30) == list(range(20))
    with av.open(joined.path) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 30
        codes = [read_code(f.to_ndarray(format="rgb24")) for f in container.decode(stream)]
    assert codes == [(e, s) for e, length in enumerate(lengths) for s in range(length)]


@pytest.mark.parametrize("codec", CODECS)
def test_single_frames_decode_in_any_order(tmp_path, codec):
    path = tmp_path / "v.mp4"
    encode((coded_image(3, step) for step in range(20)), path, VideoSettings(15, codec))
    wanted = [19, 0, 7, 8, 18]
    found = [read_code(image)[1] for image in decode_frames(path, wanted, 15)]
    assert found == wanted


@pytest.mark.parametrize("codec", CODECS)
def test_encoding_takes_no_real_time_rank(tmp_path, codec):
    before = os.sched_getscheduler(0)
    ranks = set()

    def images():
        for step in range(4):
            yield coded_image(0, step)
            ranks.update(os.sched_getscheduler(int(tid)) for tid in os.listdir("/proc/self/task"))

    encode(images(), tmp_path / "v.mp4", VideoSettings(30, codec))
    assert os.sched_getscheduler(0) == before
    assert not ranks & {os.SCHED_FIFO, os.SCHED_RR}


def test_a_frame_that_is_not_there_is_refused(tmp_path):
    path = tmp_path / "v.mp4"
    encode((coded_image(0, step) for step in range(4)), path, VideoSettings(30))
    with pytest.raises(CheckFailed, match="no frame 4"):
        list(decode_frames(path, [4], 30))


def test_appending_another_number_of_frames_is_refused(tmp_path):
    path = tmp_path / "v.mp4"
    encode((coded_image(0, step) for step in range(4)), path, VideoSettings(30))
    joined = JoinedVideo(tmp_path / "joined.mp4", path, 30)
    with pytest.raises(CheckFailed, match="has 4 frames, expected 5"):
        joined.append(path, 5)
    joined.close()


@pytest.mark.parametrize("codec", CODECS)
def test_any_frame_is_at_most_one_from_a_key_frame_and_none_is_reordered(tmp_path, codec):
    path = tmp_path / "v.mp4"
    encode((coded_image(0, step) for step in range(9)), path, VideoSettings(30, codec))
    with av.open(path) as container:
        packets = [p for p in container.demux(video=0) if p.pts is not None]
    assert [p.is_keyframe for p in packets][::2] == [True] * 5
    assert [p.pts for p in packets] == sorted(p.pts for p in packets)
    assert [p.pts for p in packets] == [p.dts for p in packets]
