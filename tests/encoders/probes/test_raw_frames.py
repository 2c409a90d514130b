from encoders.probes.raw_frames import RawFrames
from encoders.probes.raw_pixels import DIM
from encoders.video import decode_video
from tests.encoders.probes.clips import clip_of

RED, BLUE = (250, 0, 0), (0, 0, 250)


def test_the_mean_of_all_frames() -> None:
    encoded = RawFrames().encode([clip_of(RED, RED), clip_of(BLUE, BLUE), clip_of(RED, BLUE)])
    assert encoded.vectors.shape == (3, DIM)
    red, blue, both = encoded.vectors
    assert red @ blue < 0.1
    assert min(both @ red, both @ blue) > 0.6


def test_a_decoded_clip_is_taken_as_it_is() -> None:
    data = clip_of(RED, BLUE)
    raw = RawFrames()
    assert raw.prepare(decode_video(data, with_sound=False)).tolist() == raw.prepare(data).tolist()


def test_what_is_no_clip_is_said() -> None:
    assert sorted(RawFrames().encode([b"no clip"]).errors) == [0]
