import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from encoders.audio_track import DURATION_LIMIT_S, FORMATS, RATE_HZ, decoded
from encoders.container import opened
from tests.clips import encode_clip, even_times, moving_disc, sine
from tests.sounds import WRITERS, Samples, tone

DISC = moving_disc((250, 60, 40), (30, 60, 120))


def decode(data: bytes) -> tuple[Samples, float] | None:
    with opened(data, FORMATS) as container:
        return decoded(container)


def late_track(start_s: float) -> bytes:
    """A tone of half a second in Matroska, whose first timestamp is `start_s`."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        track = output.add_stream("flac", rate=RATE_HZ, layout="mono")
        assert isinstance(track, AudioStream)
        for start in range(0, RATE_HZ // 2, 800):
            samples = np.asarray(tone(0.5)[None, start : start + 800] * 32_767, np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.time_base = RATE_HZ, Fraction(1, RATE_HZ)
            frame.pts = start + round(start_s * RATE_HZ)
            output.mux(track.encode(frame))
        output.mux(track.encode())
    return file.getvalue()


def with_rate(data: bytes, rate_hz: int) -> bytes:
    """The WAV file with another rate in its header."""
    return data[:24] + struct.pack("<I", rate_hz) + data[28:]


def test_the_sound_of_a_video_begins_when_it_is_heard() -> None:
    found = decode(encode_clip(DISC, even_times(1.0), tone=sine(1.0, silent_s=0.4)))
    assert found is not None
    samples, start_s = found
    heard_s = start_s + float(np.flatnonzero(np.abs(samples) > 0.1)[0]) / RATE_HZ
    assert heard_s == pytest.approx(0.4, abs=0.03)


def test_a_late_track_says_so() -> None:
    found = decode(late_track(2.5))
    assert found is not None
    assert found[1] == pytest.approx(2.5, abs=0.01)
    assert len(found[0]) == RATE_HZ // 2


def test_no_track_is_none() -> None:
    assert decode(encode_clip(DISC, even_times(0.5))) is None


def test_a_track_is_decoded_up_to_a_limit() -> None:
    found = decode(WRITERS["flac"](np.tile(tone(1.0, 8_000), 700), 8_000))
    assert found is not None
    assert len(found[0]) == DURATION_LIMIT_S * RATE_HZ


@pytest.mark.parametrize("rate_hz", [1, 10, 999, 2**31 - 1])
def test_a_rate_that_cannot_be_is_not_believed(rate_hz: int) -> None:
    found = decode(with_rate(WRITERS["wav of 16 bits"](tone(5.0), RATE_HZ), rate_hz))
    assert found is not None
    assert len(found[0]) == 0


def test_a_stream_may_change_its_rate_on_the_way() -> None:
    parts = [WRITERS["aac"](tone(1.0, rate_hz, 500.0), rate_hz) for rate_hz in (48_000, 24_000, 48_000)]
    found = decode(b"".join(parts))
    assert found is not None
    assert len(found[0]) / RATE_HZ == pytest.approx(3.0, abs=0.3)
    for second in (0.5, 1.5, 2.5):
        piece = found[0][round(second * RATE_HZ) :][: RATE_HZ // 4]
        assert np.abs(np.fft.rfft(piece)).argmax() * 4 == pytest.approx(500, abs=8)
