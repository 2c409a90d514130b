"""Clips that are cut, damaged, or none."""

import io
import struct
import subprocess
import sys

import av
import numpy as np
import pytest

from encoders import video_sampling
from encoders.base import BadEntryError
from encoders.video import FRAME_COUNT, decode_video
from tests.clips import (
    SIZE,
    assert_tells_its_times,
    clock,
    corners,
    encode_clip,
    encode_sound,
    even_times,
    sine,
)

LENGTH_S = 4.0
CLOCK = clock(LENGTH_S)
PLAIN = encode_clip(CLOCK, even_times(LENGTH_S))


@pytest.mark.parametrize("container", ["mpegts", "matroska", "flv"])
def test_of_a_truncated_file_what_there_is_counts(container: str) -> None:
    data = encode_clip(CLOCK, even_times(LENGTH_S), container, key_every=5, ticks=100)
    clip = decode_video(data[: len(data) // 2])
    assert len(clip.frames) >= FRAME_COUNT // 2
    assert 0.8 < clip.times_s[-1] < 3.0
    assert_tells_its_times(clip, LENGTH_S)


def test_where_seeks_lead_nowhere_all_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    # In a transport stream with a single key frame, nothing can be decoded after a seek.
    data = encode_clip(CLOCK, even_times(LENGTH_S), "mpegts", key_every=1000, ticks=100)
    monkeypatch.setattr(video_sampling, "SEEK_WORTH_PIXELS", 1)
    clip = decode_video(data)
    assert len(clip.frames) == FRAME_COUNT
    assert_tells_its_times(clip, LENGTH_S)


def test_damage_in_the_middle_is_stepped_over() -> None:
    data = encode_clip(CLOCK, even_times(LENGTH_S), "mpegts", key_every=5, ticks=100)
    hole = bytes(len(data) // 5)
    start = 2 * len(data) // 5
    clip = decode_video(data[:start] + hole + data[start + len(hole) :])
    assert clip.times_s[-1] > 3.0
    assert len(clip.frames) >= FRAME_COUNT // 2


def png() -> bytes:
    file = io.BytesIO()
    CLOCK(1.0).save(file, "png")
    return file.getvalue()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "expected the bytes of a video file, got NoneType"),
        (7, "expected the bytes of a video file, got int"),
        ("clip.mp4", "expected the bytes of a video file, got str"),
        (b"", "the file is empty"),
        (b"no video at all " * 50, "800 bytes that cannot be read as video: "),
        (png(), "bytes that cannot be read as video: "),
        (PLAIN[:40], "40 bytes that cannot be read as video: "),
        (encode_sound(sine(0.5)), "the file has sound, but no video"),
    ],
)
def test_decode_video_says_why_not(entry: object, reason: str) -> None:
    with pytest.raises(BadEntryError, match=reason):
        decode_video(entry)


def test_frames_that_are_too_large_are_never_decoded() -> None:
    largest, larger = (3900, 4096), (4096, 4096)
    files = [encode_clip(corners(size), [0.0], "avi", "mjpeg", ticks=10) for size in (largest, larger)]
    assert decode_video(files[0]).frames[0].size == (256, 269)
    # What counts is the size that the frames have, not the one that the container claims.
    claim = struct.pack("<2I", *larger)
    assert claim in files[1]
    for file in (files[1], files[1].replace(claim, struct.pack("<2I", 64, 64))):
        with pytest.raises(BadEntryError, match="no frame of its video track can be decoded"):
            decode_video(file)


def test_a_cover_picture_is_no_video() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=48_000)
        cover = output.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = *SIZE, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        output.mux(cover.encode(av.VideoFrame.from_ndarray(np.asarray(CLOCK(0.0)), format="rgb24")))
        output.mux(cover.encode())
        frame = av.AudioFrame.from_ndarray(sine(1.0)[None], format="fltp", layout="mono")
        frame.sample_rate = 48_000
        output.mux(sound.encode(frame))
        output.mux(sound.encode())
    with pytest.raises(BadEntryError, match="sound, but no video"):
        decode_video(file.getvalue())


def test_libraries_keep_silent() -> None:
    code = (
        "import sys; from encoders.video import decode_video\n"
        "from encoders.base import BadEntryError\n"
        "data = sys.stdin.buffer.read()\n"
        "for cut in (data, data[:-200], data[:2000] + data[1000:]):\n"
        "    try: decode_video(cut)\n"
        "    except BadEntryError: pass\n"
    )
    data = encode_clip(CLOCK, even_times(LENGTH_S), "mpegts", key_every=5, ticks=100)
    ran = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=True, timeout=60
    )
    assert (ran.stdout, ran.stderr) == (b"", b"")
