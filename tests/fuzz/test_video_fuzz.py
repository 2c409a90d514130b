"""`FUZZ_CASES=2000 pytest tests/fuzz/test_video_fuzz.py` looks further than CI does."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import pytest

from encoders.base import BadEntryError
from encoders.video import AREA_LIMIT_PIXELS, FRAME_COUNT, decode_video
from tests.clips import clock, encode_clip, even_times, moving_disc, sine
from tests.fuzz.growth import Growth, held_bytes
from tests.fuzz.mutate import mutations

CASES = int(os.environ.get("FUZZ_CASES", "60"))
SECONDS_MAX = 20.0
"""Of processor time for one file. WORK_LIMIT_PIXELS take about two; damage can have the work done twice."""
PEAK_LIMIT_BYTES = 1_500_000_000
"""What a process may need beyond its beginnings for a while: frames at the limit of pixels take about a gigabyte."""
FILES = {
    "mp4": encode_clip(moving_disc((250, 60, 40), (30, 60, 120)), even_times(2.0), tone=sine(2.0)),
    # Its headers are spread over the file, so that damage at the end leaves more than nothing.
    "fragmented mp4": encode_clip(
        clock(2.0), even_times(2.0), key_every=5, options={"movflags": "frag_keyframe+empty_moov"}
    ),
    "webm": encode_clip(
        clock(2.0), even_times(2.0), "webm", "libvpx-vp9", tone=sine(2.0), tone_codec="libopus"
    ),
    "matroska": encode_clip(clock(2.0), even_times(2.0), "matroska", key_every=5),
    "avi": encode_clip(clock(2.0), even_times(2.0), "avi", "mpeg4", ticks=10),
    "gif": encode_clip(clock(1.0), even_times(1.0), "gif", "gif", ticks=100),
    "mpegts": encode_clip(clock(2.0), even_times(2.0), "mpegts", "mpeg2video", ticks=25),
    "flv": encode_clip(clock(2.0), even_times(2.0), "flv", key_every=5),
    "apng": encode_clip(clock(0.5), even_times(0.5), "apng", "apng"),
}


class Outcome(NamedTuple):
    """What became of one damaged file."""

    frames: int
    """Zero if it was refused."""
    reason: str
    seconds: float
    peak_bytes: int
    """Of the process so far."""
    held_bytes: int
    """By the process now."""


@pytest.fixture(scope="module")
def process() -> Iterator[ProcessPoolExecutor]:
    """Another process, so that a crash of a decoder fails the test instead of ending it."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


def outcome(kind: str, seed: int) -> Outcome:
    started = time.process_time()
    try:
        clip = decode_video(mutations(FILES[kind], seed))
    except BadEntryError as error:
        frames, reason = 0, str(error)
    else:
        frames, reason = len(clip.frames), ""
        assert all(picture.mode == "RGB" for picture in clip.frames)
        assert all(1 <= picture.width * picture.height <= 1.1 * AREA_LIMIT_PIXELS for picture in clip.frames)
        assert list(clip.times_s) == sorted(set(clip.times_s))
        assert len(clip.times_s) == frames
    # Linux counts in kibibytes, macOS in bytes.
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
        1 if sys.platform == "darwin" else 1024
    )
    return Outcome(frames, reason, time.process_time() - started, peak_bytes, held_bytes())


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_gives_a_clip_or_a_reason(kind: str, process: ProcessPoolExecutor) -> None:
    base_bytes = process.submit(outcome, kind, 0).result(timeout=120).peak_bytes
    count = -(-CASES // len(FILES))
    growth = Growth(count)
    for seed in range(count):
        found = process.submit(outcome, kind, seed).result(timeout=120)
        assert found.frames <= FRAME_COUNT
        assert found.frames or len(found.reason) > 10
        assert found.seconds < SECONDS_MAX, f"seed {seed}"
        assert found.peak_bytes - base_bytes < PEAK_LIMIT_BYTES, f"seed {seed}"
        growth.note(seed, found.held_bytes)
    growth.check()


def test_damage_leaves_some_clips_and_refuses_others(process: ProcessPoolExecutor) -> None:
    found = [process.submit(outcome, "mpegts", seed).result(timeout=120) for seed in range(30)]
    assert 0 < sum(one.frames > 0 for one in found) < 30
