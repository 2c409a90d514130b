from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from encoders.base import unit_rows
from encoders.hub.loading import find
from encoders.hub.video import HubVideoEncoder, evenly
from encoders.video import Clip
from tests.clips import encode_clip, even_times, moving_disc
from tests.encoders.hub.conftest import Tiny

NOISE = np.random.default_rng(8).integers(0, 256, (12, 6, 8, 3), np.uint8)
FRAMES = tuple(Image.fromarray(noise).resize((80, 60), Image.Resampling.BICUBIC) for noise in NOISE)


def full(folder: Path) -> HubVideoEncoder:
    return HubVideoEncoder(find(str(folder)), dtype=torch.float32)


def clip(*places: int) -> Clip:
    frames = tuple(FRAMES[place] for place in places)
    return Clip(frames, tuple(float(i) for i in range(len(frames))), float(len(frames)), None)


def pixels(folder: Path, *places: int) -> torch.Tensor:
    processor = tf.VideoMAEImageProcessorPil.from_pretrained(folder)
    values: torch.Tensor = processor([FRAMES[place] for place in places], return_tensors="pt")["pixel_values"]
    return values


@torch.inference_mode()
def test_videomae_gives_the_mean_of_its_tokens(tiny: Tiny) -> None:
    states = tf.VideoMAEModel.from_pretrained(tiny("videomae"))(pixels(tiny("videomae"), 0, 1, 2, 3))
    plain = states.last_hidden_state.mean(dim=1).numpy()
    found = full(tiny("videomae")).encode([clip(0, 1, 2, 3)]).vectors
    np.testing.assert_allclose(found, unit_rows(plain), atol=1e-2)


@torch.inference_mode()
def test_timesformer_gives_its_first_token(tiny: Tiny) -> None:
    states = tf.TimesformerModel.from_pretrained(tiny("timesformer"))(pixels(tiny("timesformer"), 4, 5, 6))
    plain = states.last_hidden_state[:, 0].numpy()
    found = full(tiny("timesformer")).encode([clip(4, 5, 6)]).vectors
    np.testing.assert_allclose(found, unit_rows(plain), atol=1e-2)


@torch.inference_mode()
def test_xclip_gives_its_projected_features(tiny: Tiny) -> None:
    model: Any = tf.XCLIPModel.from_pretrained(tiny("xclip"))
    plain = model.get_video_features(pixels(tiny("xclip"), 0, 3, 6, 9)).pooler_output.numpy()
    found = full(tiny("xclip")).encode([clip(0, 3, 6, 9)]).vectors
    np.testing.assert_allclose(found, unit_rows(plain), atol=1e-2)


def test_frames_are_picked_evenly_and_repeated_where_there_are_few(tiny: Tiny) -> None:
    encoder = full(tiny("videomae"))
    many, few = encoder.prepare(clip(*range(12))), encoder.prepare(clip(0, 1))
    np.testing.assert_array_equal(many, encoder.prepare(clip(1, 4, 7, 10)))
    np.testing.assert_array_equal(few, encoder.prepare(clip(0, 0, 1, 1)))


def test_files_are_read_with_as_many_frames_as_the_model_wants(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def decode(_: bytes, frames: int, **__: object) -> Clip:
        asked.append(frames)
        return clip(0, 1, 2)

    monkeypatch.setattr("encoders.hub.video.decode_video", decode)
    full(tiny("timesformer")).prepare(b"a file")
    assert asked == [3]


def test_movement_is_seen(tiny: Tiny) -> None:
    draw = moving_disc((250, 60, 40), (30, 60, 120))
    forward = encode_clip(draw, even_times(1.5))
    backward = encode_clip(lambda time_s: draw(1.5 - time_s), even_times(1.5))
    vectors = full(tiny("videomae")).encode([forward, forward, backward]).vectors
    assert vectors[0] @ vectors[1] == pytest.approx(1.0)
    assert vectors[0] @ vectors[2] < 0.999


@given(st.integers(1, 50), st.integers(1, 32))
def test_places_are_even(count: int, wanted: int) -> None:
    places = evenly(count, wanted)
    assert len(places) == wanted
    assert places == sorted(places)
    assert 0 <= places[0] <= places[-1] < count
    # Mirrored in time, but for rounding, they are the same.
    assert all(
        abs(place + other - (count - 1)) <= 1 for place, other in zip(places, places[::-1], strict=True)
    )
    if wanted >= count:
        assert set(places) == set(range(count))
