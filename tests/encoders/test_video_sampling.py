import pytest

from encoders import video_sampling
from encoders.video_sampling import FrameReader, sample_frames
from encoders.video_track import opened_track
from tests.clips import clock, encode_clip, even_times

LENGTH_S = 20.0
WANTED_S = [2.5, 7.5, 12.5, 17.5]
CLOCK = clock(LENGTH_S)
MANY_KEYS = encode_clip(CLOCK, even_times(LENGTH_S), key_every=10)
ONE_KEY = encode_clip(CLOCK, even_times(LENGTH_S), key_every=1000)


@pytest.fixture
def cheap_seeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these small frames were large ones: all that lies farther than three frames is worth a seek."""
    monkeypatch.setattr(video_sampling, "SEEK_WORTH_PIXELS", 3 * 96 * 64)


def sampled(data: bytes, may_seek: bool = True) -> tuple[list[float], int]:
    """Times of the frames found, and how many packets were decoded."""
    with opened_track(data) as track:
        reader = FrameReader(track, may_seek)
        found = [reader.frame_at(time_s, 10_000) for time_s in WANTED_S]
        return [shown.time_s for shown in found if shown], reader.read_count


@pytest.mark.parametrize("data", [MANY_KEYS, ONE_KEY], ids=["many_keys", "one_key"])
def test_without_seeks_all_is_decoded(data: bytes) -> None:
    times_s, read_count = sampled(data, may_seek=False)
    assert times_s == pytest.approx(WANTED_S)
    assert read_count >= 175


@pytest.mark.usefixtures("cheap_seeks")
@pytest.mark.parametrize("container", ["mp4", "matroska", "mpegts", "avi"])
def test_seeks_spare_what_lies_between(container: str) -> None:
    ticks = 10 if container == "avi" else 1000
    codec = "mpeg4" if container == "avi" else "libx264"
    data = encode_clip(CLOCK, even_times(LENGTH_S), container, codec, key_every=10, ticks=ticks)
    times_s, read_count = sampled(data)
    # A transport stream has no index: there a seek leads into the middle, and the next key frame is shown.
    assert times_s == pytest.approx(WANTED_S, abs=1.0 if container == "mpegts" else 0.01)
    assert read_count < 100


@pytest.mark.usefixtures("cheap_seeks")
def test_nothing_is_decoded_twice_where_an_index_shows_one_key_frame() -> None:
    times_s, read_count = sampled(ONE_KEY)
    assert times_s == pytest.approx(WANTED_S)
    assert read_count <= 201


@pytest.mark.usefixtures("cheap_seeks")
def test_a_seek_that_led_nowhere_is_the_last() -> None:
    # The index of this file ends with its only key frame, so that it takes a seek to know.
    times_s, read_count = sampled(encode_clip(CLOCK, even_times(LENGTH_S), "matroska", key_every=1000))
    assert times_s == pytest.approx(WANTED_S)
    assert read_count <= 201


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_sampling, "WORK_LIMIT_PIXELS", 80 * 96 * 64)
    with opened_track(ONE_KEY) as track:
        times_s = [shown.time_s for shown in sample_frames(track, WANTED_S, may_seek=False)]
    # 20 packets for each: all the frames that come are of the first 80, in order.
    assert len(times_s) == 4
    assert times_s == sorted(times_s)
    assert 1.0 < times_s[0] < 2.5
    assert 5.0 < times_s[-1] < 8.0


def test_each_frame_comes_once() -> None:
    with opened_track(encode_clip(CLOCK, [0.0, 1.0], ticks=1)) as track:
        assert [shown.time_s for shown in sample_frames(track, [0.1, 0.5, 0.9, 1.5, 1.9])] == [0.0, 1.0]
