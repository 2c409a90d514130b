"""Small video clips of known content, encoded in memory: what moves in them is a function of time."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from encoders.video import Clip

Draw = Callable[[float], Image.Image]
"""The picture on show at a time in seconds."""
Colour = tuple[int, int, int]

SIZE = (96, 64)
"""Width and height in pixels, unless a test says otherwise."""
SOUND_HZ = 48_000
PIXEL_FORMATS = {
    "gif": "rgb8",
    "mjpeg": "yuvj420p",
    "ffv1": "yuv420p",
    "apng": "rgb24",
    "rawvideo": "yuv420p",
}


def moving_disc(
    colour: Colour, background: Colour, size: tuple[int, int] = SIZE, period_s: float = 2.0
) -> Draw:
    """A disc that crosses the picture from left to right once in each period."""

    def draw(time_s: float) -> Image.Image:
        picture = Image.new("RGB", size, background)
        radius = min(size) / 4
        x, y = size[0] * (time_s / period_s % 1.0), size[1] / 2
        ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
        return picture

    return draw


def moving_stripes(colour: Colour, background: Colour, size: tuple[int, int] = SIZE, width: int = 12) -> Draw:
    """Upright stripes that wander to the right by their own width each second."""

    def draw(time_s: float) -> Image.Image:
        columns = (np.arange(size[0]) - time_s * width) // width % 2
        row = np.where(columns[:, None] > 0, np.array(colour), np.array(background)).astype(np.uint8)
        return Image.fromarray(np.tile(row, (size[1], 1, 1)))

    return draw


def growing_squares(colour: Colour, background: Colour, size: tuple[int, int] = SIZE) -> Draw:
    """A board of squares that grow from half of their field to all of it within two seconds."""

    def draw(time_s: float) -> Image.Image:
        picture = Image.new("RGB", size, background)
        pen, field = ImageDraw.Draw(picture), min(size) // 3
        side = field * min(1.0, 0.5 + time_s / 4)
        for left in range(0, size[0], field):
            for top in range(0, size[1], field):
                pen.rectangle((left, top, left + side, top + side), fill=colour)
        return picture

    return draw


def clock(duration_s: float, size: tuple[int, int] = SIZE) -> Draw:
    """Grainy pictures that tell their time: grey from 40 at the start to 200 at the end; `told_time` reads it."""

    def draw(time_s: float) -> Image.Image:
        # Grain, so that all frames take about as many bytes, and half a file is half a clip.
        grain = np.random.default_rng(round(time_s * 1000)).integers(-9, 10, (size[1], size[0]))
        level = 40 + 160 * min(1.0, time_s / duration_s)
        return Image.fromarray(np.asarray(level + grain, np.uint8)).convert("RGB")

    return draw


def told_time(picture: Image.Image, duration_s: float) -> float:
    """The time in seconds at which `clock` drew this picture."""
    return float((np.asarray(picture, np.float64).mean() - 40) / 160 * duration_s)


def corners(size: tuple[int, int] = SIZE) -> Draw:
    """Still: red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", (2, 2))
    for place, colour in {
        (0, 0): (255, 0, 0),
        (1, 0): (0, 255, 0),
        (0, 1): (0, 0, 255),
        (1, 1): (255,) * 3,
    }.items():
        picture.putpixel(place, colour)
    return lambda _: picture.resize(size, Image.Resampling.NEAREST)


def even_times(duration_s: float, rate: float = 10.0) -> list[float]:
    """When frames are shown that come at a constant rate, in seconds."""
    return [number / rate for number in range(round(duration_s * rate))]


def encode_clip(
    draw: Draw,
    times_s: Sequence[float],
    container: str = "mp4",
    codec: str = "libx264",
    *,
    tone: NDArray[np.float32] | None = None,
    tone_codec: str = "aac",
    rotation: int = 0,
    pixel_aspect: Fraction | None = None,
    key_every: int | None = None,
    ticks: int = 1000,
    options: dict[str, str] | None = None,
) -> bytes:
    """A video file.

    Args:
        draw: What is seen.
        times_s: When each frame comes; distances may differ.
        container: A format that PyAV writes.
        codec: Of the video.
        tone: [n] mono sound at SOUND_HZ from time 0; None for no sound track.
        tone_codec: Of the sound.
        rotation: Degrees by which a player has to turn the frames counterclockwise.
        pixel_aspect: Width of a pixel by its height.
        key_every: Frames from one key frame to the next.
        ticks: Units of time in a second; mpeg2video and AVI take 25, not 1000.
        options: Of the container.
    """
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}) as output:
        video = _video_track(output, codec, draw(times_s[0]).size, ticks)
        if rotation:
            video.set_display_rotation(rotation)
        if pixel_aspect is not None:
            video.codec_context.sample_aspect_ratio = pixel_aspect
        if key_every is not None:
            video.codec_context.gop_size = key_every
        sound = None if tone is None else _sound_track(output, tone_codec)
        for time_s in times_s:
            frame = av.VideoFrame.from_ndarray(np.asarray(draw(time_s)), format="rgb24")
            frame.pts, frame.time_base = round(time_s * ticks), Fraction(1, ticks)
            output.mux(video.encode(frame))
        output.mux(video.encode())
        if sound is not None and tone is not None:
            _write_sound(output, sound, tone)
    return file.getvalue()


def encode_sound(tone: NDArray[np.float32], container: str = "mp4", codec: str = "aac") -> bytes:
    """A file with [n] mono sound at SOUND_HZ and no video."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        _write_sound(output, _sound_track(output, codec), tone)
    return file.getvalue()


def sine(duration_s: float, pitch_hz: float = 440.0, silent_s: float = 0.0) -> NDArray[np.float32]:
    """[n] mono sound at SOUND_HZ: a tone that begins after some silence."""
    times_s = np.arange(round(duration_s * SOUND_HZ)) / SOUND_HZ
    return np.asarray(0.5 * np.sin(2 * np.pi * pitch_hz * times_s) * (times_s >= silent_s), np.float32)


def _video_track(output: OutputContainer, codec: str, size: tuple[int, int], ticks: int) -> VideoStream:
    video = output.add_stream(codec, rate=ticks)
    assert isinstance(video, VideoStream)
    video.width, video.height = size
    video.pix_fmt = PIXEL_FORMATS.get(codec, "yuv420p")
    # Encoders with threads of their own write different bytes from run to run.
    video.codec_context.thread_count = 1
    return video


def _sound_track(output: OutputContainer, codec: str) -> AudioStream:
    sound = output.add_stream(codec, rate=SOUND_HZ)
    assert isinstance(sound, AudioStream)
    sound.layout = "mono"
    return sound


def _write_sound(output: OutputContainer, sound: AudioStream, tone: NDArray[np.float32]) -> None:
    size = 960
    for start in range(0, len(tone), size):
        frame = av.AudioFrame.from_ndarray(tone[None, start : start + size], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_HZ, start, Fraction(1, SOUND_HZ)
        output.mux(sound.encode(frame))
    output.mux(sound.encode())


def assert_tells_its_times(clip: Clip, length_s: float, tolerance_s: float = 0.15) -> None:
    """Each frame of a clip of `clock` shows the time at which it is said to be on show."""
    told = [told_time(frame, length_s) for frame in clip.frames]
    np.testing.assert_allclose(told, clip.times_s, atol=tolerance_s)
