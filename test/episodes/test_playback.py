from support.synthetic_episode import write_episode

from teleop_collect.episodes.mcap_records import RawMessage
from teleop_collect.episodes.playback import Received, in_order
from teleop_collect.episodes.reader import open_episode

TOPICS = ["/leader/joint_states", "/follower/wrench", "/cameras/scene/color/image_raw"]


def test_messages_of_several_streams_come_in_the_order_of_reception(tmp_path):
    with open_episode(write_episode(tmp_path)) as episode:
        played = list(episode.messages(TOPICS))

        times = [message.raw.log_ns for message in played]
        assert times == sorted(times)
        for topic in TOPICS:
            mine = [bytes(m.raw.data) for m in played if m.topic == topic]
            assert mine == [bytes(m.data) for m in episode.read_messages(topic)]


def test_small_disorder_is_sorted_and_equal_times_keep_their_order():
    def message(topic: str, log_ns: int) -> Received:
        return Received(topic, RawMessage(1, 0, log_ns, 0, memoryview(b"")))

    given = [message("a", 20), message("b", 10), message("c", 20), message("d", 2_000_000_000)]

    assert [m.topic for m in in_order(given)] == ["b", "a", "c", "d"]
