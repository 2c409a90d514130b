"""Real video made fit to encode: few small upright frames, evenly over time, and the sound beside them."""

from dataclasses import dataclass, replace
from typing import ClassVar

from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from PIL import Image

from encoders.audio import RATE_HZ, Sound, sound_of
from encoders.base import BadEntryError, Encoder, Prepared
from encoders.container import UNREADABLE, file_bytes, opened, unreadable
from encoders.modalities import Modality
from encoders.video_sampling import sample_frames
from encoders.video_track import FORMATS, FRAME_LIMIT_PIXELS, opened_track, zero_s

PREPARATION = "video1"
"""Part of every video encoder's version: raised when the same file would be prepared otherwise."""
FRAME_COUNT = 8
"""Frames looked at of one clip."""
SHORT_SIDE_PIXELS = 256
AREA_LIMIT_PIXELS = 4 * SHORT_SIDE_PIXELS**2
"""Pixels kept of one frame, however long and narrow it is."""
LENGTH_LIMIT_S = 4 * 3600.0
"""Seconds of a clip that are looked at; what follows is ignored."""


class VideoEncoder(Encoder[Prepared]):
    """An encoder of video. Takes the bytes of a file, or a `Clip` of `frame_count` frames."""

    modality: ClassVar[Modality] = "video"
    frame_count: int = FRAME_COUNT
    """Frames of a clip that it looks at."""


@dataclass(frozen=True)
class Clip:
    """What is looked at and listened to of a video. All times are seconds since the file's first timestamp."""

    frames: tuple[Image.Image, ...]
    """At least one: RGB, upright, of square pixels, at most SHORT_SIDE_PIXELS high or wide; in order of time."""
    times_s: tuple[float, ...]
    """When each frame is first shown; strictly ascending."""
    duration_s: float
    """Length of the part that was looked at."""
    sound: Sound | None
    """Its first sound track, within that part; as far as `encoders.audio` decodes sounds as long as that."""


def decode_video(
    entry: object,
    frames: int = FRAME_COUNT,
    span: tuple[float, float] = (0.0, 1.0),
    with_sound: bool = True,
) -> Clip:
    """Decodes a clip on the caller's thread; any number of threads may do so at once.

    The frames are those on show in the middle of equally long parts of the span, whatever the frame rate does.
    Of a truncated or damaged file, what can be decoded counts.

    Args:
        entry: Bytes of a file in one of `encoders.video_track.FORMATS`.
        frames: Frames wanted, at least one; a clip that has fewer gives those it has.
        span: Start and end of what is looked at, as shares of the duration.
        with_sound: Whether to decode the sound too.

    Raises:
        BadEntryError: There is no video in it; nothing else, whatever the bytes.
    """
    data = file_bytes(entry, "a video file")
    try:
        return _decode(data, frames, span, with_sound)
    except BadEntryError:
        raise
    except UNREADABLE as error:
        raise unreadable(data, "video", error) from error


def _decode(data: bytes, count: int, span: tuple[float, float], with_sound: bool) -> Clip:
    clip = _look(data, count, span, by_header=True)
    if clip is None or 2 * len(clip.frames) < count:
        # The header tells no length, or not the truth, or seeks lead nowhere.
        again = _look(data, count, span, by_header=False)
        if clip is None or (again and len(again.frames) > len(clip.frames)):
            clip = again
    if clip is None:
        message = f"no frame of its video track can be decoded ({len(data)} bytes)"
        raise BadEntryError(message)
    return replace(clip, sound=_sound(data, span, clip.duration_s)) if with_sound else clip


def _look(data: bytes, count: int, span: tuple[float, float], by_header: bool) -> Clip | None:
    """The frames, without the sound; None if there are none.

    Args:
        data: The file.
        count: Frames wanted.
        span: As for `decode_video`.
        by_header: Whether to believe the length that it tells and to seek, or to read all that is there.
    """
    with opened_track(data) as track:
        length_s = track.told_length_s() if by_header else track.counted_length_s()
    if not length_s > 0.0:
        return None
    start_s, end_s = (share * min(length_s, LENGTH_LIMIT_S) for share in span)
    wanted_s = [start_s + (end_s - start_s) * (part + 0.5) / count for part in range(count)]
    with opened_track(data) as track:
        shown = sample_frames(track, wanted_s, may_seek=by_header)
        seen = [(time_s, _picture(frame, track.pixel_aspect)) for time_s, frame in shown]
    if not seen:
        return None
    times_s, pictures = zip(*seen, strict=True)
    return Clip(pictures, times_s, end_s - start_s, None)


def _picture(frame: VideoFrame, pixel_aspect: float) -> Image.Image:
    """The frame small, of square pixels, RGB and upright."""
    width, height = frame.width * pixel_aspect, float(frame.height)
    scale = min(1.0, SHORT_SIDE_PIXELS / min(width, height), (AREA_LIMIT_PIXELS / (width * height)) ** 0.5)
    small = frame.reformat(
        max(1, round(width * scale)),
        max(1, round(height * scale)),
        "rgb24",
        interpolation=Interpolation.AREA,
        threads=1,
    )
    picture = Image.fromarray(small.to_ndarray())
    return picture.rotate(frame.rotation, expand=True) if frame.rotation else picture


def _sound(data: bytes, span: tuple[float, float], duration_s: float) -> Sound | None:
    """The part of the sound that belongs to the span, on the clip's clock; None if there is nothing to hear."""
    try:
        with opened(data, FORMATS, FRAME_LIMIT_PIXELS) as container:
            sound, origin_s = sound_of(container), zero_s(container)
    except UNREADABLE:
        return None  # what is seen counts, even beside a damaged sound track
    if sound is None:
        return None
    start_s = span[0] * duration_s / (span[1] - span[0])
    sound_s = sound.start_s - origin_s
    first, end = (max(0, round((at_s - sound_s) * RATE_HZ)) for at_s in (start_s, start_s + duration_s))
    samples = sound.samples[first:end]
    return Sound(samples, sound_s + first / RATE_HZ) if len(samples) else None
