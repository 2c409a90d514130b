from fractions import Fraction

import av
import pytest

from encoders import video_track
from encoders.base import BadEntryError
from encoders.video_track import SQUEEZE_LIMIT, opened_track
from tests.clips import SIZE, clock, encode_clip, encode_sound, even_times, sine

CLOCK = clock(2.0)
MP4 = encode_clip(CLOCK, even_times(2.0), tone=sine(2.0))


def test_a_track_knows_its_clock() -> None:
    times_s = [time_s + 50 for time_s in even_times(2.0)]
    data = encode_clip(lambda time_s: CLOCK(time_s - 50), times_s, "mpegts", ticks=100)
    with opened_track(data) as track:
        assert track.zero_s == pytest.approx(50.0)
        assert track.time_s(track.ticks(1.5)) == pytest.approx(1.5, abs=0.001)
        assert track.told_length_s() == pytest.approx(2.0, abs=0.15)
        assert track.counted_length_s() == pytest.approx(2.0, abs=0.15)


def test_a_length_that_no_header_tells_is_counted() -> None:
    with opened_track(encode_clip(CLOCK, even_times(2.0), "h264", "libx264")) as track:
        # 20 frames, and no times: a rate has to be assumed.
        assert track.counted_length_s() == pytest.approx(20 / track.rate)


def test_a_decoder_has_no_threads_of_its_own() -> None:
    with opened_track(MP4) as track:
        codec = track.stream.codec_context
        assert codec.thread_count == 1
        assert codec.thread_type == av.codec.context.ThreadType.NONE
        next(track.container.decode(track.stream))
        assert codec.thread_count == 1


def test_only_the_video_is_read() -> None:
    with opened_track(MP4) as track:
        assert {packet.stream.type for packet in track.container.demux()} == {"video", "audio"}
        track.container.seek(0)
        assert all(packet.size == 0 or packet.stream.type == "video" for packet in track.container.demux())


def test_a_frame_too_large_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_track, "FRAME_LIMIT_PIXELS", SIZE[0] * SIZE[1] - 1)
    with (
        pytest.raises(BadEntryError, match="its frames have 96 x 64 pixels, more than 6143"),
        opened_track(MP4),
    ):
        pass


def test_a_pixel_is_not_oblong_beyond_belief() -> None:
    with opened_track(encode_clip(CLOCK, [0.0], pixel_aspect=Fraction(4, 3))) as track:
        assert track.pixel_aspect == pytest.approx(4 / 3)
    absurd = encode_clip(CLOCK, [0.0], pixel_aspect=Fraction(int(SQUEEZE_LIMIT) + 1, 1))
    with opened_track(absurd) as track:
        assert track.pixel_aspect == 1.0


def test_a_codec_that_nobody_knows() -> None:
    unknown = encode_clip(CLOCK, even_times(1.0)).replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC")
    with pytest.raises(BadEntryError, match="coded in a way that is unknown here"), opened_track(unknown):
        pass


def test_sound_alone_has_no_track() -> None:
    with (
        pytest.raises(BadEntryError, match="the file has sound, but no video"),
        opened_track(encode_sound(sine(1.0))),
    ):
        pass
