import numpy as np

from encoders.probes.raw_frames import RawFrames
from encoders.probes.spans import FIRST_HALF, SECOND_HALF, Span, SpanEncoder
from tests.encoders.probes.clips import clip_of

RED, BLUE = (250, 0, 0), (0, 0, 250)


def test_a_half_is_encoded_as_if_it_were_the_whole() -> None:
    data = clip_of(RED, BLUE)
    halves = SpanEncoder(RawFrames()).encode([Span(data, *FIRST_HALF), Span(data, *SECOND_HALF)]).vectors
    wholes = RawFrames().encode([clip_of(RED, RED), clip_of(BLUE, BLUE)]).vectors
    assert np.diag(halves @ wholes.T).min() > 0.99
    assert halves[0] @ halves[1] < 0.1


def test_bad_entries_fail_with_a_reason() -> None:
    errors = SpanEncoder(RawFrames()).encode([Span(b"", *FIRST_HALF), b"a file"]).errors
    assert errors[0] == "the file is empty"
    assert errors[1] == "expected a span of a clip, got bytes"
