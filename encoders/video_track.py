"""The video track of a file, opened such that a hostile file can neither reach out nor take all the memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.stream import Discard, Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from encoders.base import BadEntryError
from encoders.container import opened

FORMATS = (
    "apng asf av1 avi dv flv gif h261 h263 h264 hevc ivf m4v matroska mjpeg mov mpeg mpegts mpegvideo mxf nut "
    "obu ogg rm vc1 yuv4mpegpipe"
)
"""Named, for others open files and addresses that the entry names (hls, concat), or take a text for a video."""
FRAME_LIMIT_PIXELS = 16_000_000
"""Pixels of one frame as coded; 4K has 8.8 million. A decoder holds up to 17 frames."""
PACKET_LIMIT = 200_000
"""Packets read to find a length that the header does not tell: two hours at 25 frames a second."""
DEFAULT_RATE = 25.0
"""Frames a second where nothing tells it."""
SQUEEZE_LIMIT = 4.0
"""Pixels are not taken for more oblong than this: such a header is damaged."""


@dataclass(frozen=True)
class Track:
    """An open video track and its clock."""

    container: InputContainer
    stream: VideoStream
    zero_s: float
    """The container's time at which the clip's time is 0."""

    @property
    def rate(self) -> float:
        """Frames a second, as far as the header tells it."""
        told = self.stream.average_rate or self.stream.guessed_rate
        return float(told) if told else DEFAULT_RATE

    @property
    def pixels(self) -> int:
        """Pixels of a frame as coded."""
        return max(1, self.stream.codec_context.width * self.stream.codec_context.height)

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel by its height."""
        told = self.stream.sample_aspect_ratio
        return float(told) if told and 1 / SQUEEZE_LIMIT <= told <= SQUEEZE_LIMIT else 1.0

    @property
    def tick_s(self) -> float:
        """The unit of the track's timestamps."""
        return float(self.stream.time_base) if self.stream.time_base else 1.0 / self.rate

    def time_s(self, ticks: int) -> float:
        """The clip's time at a timestamp of the track."""
        return ticks * self.tick_s - self.zero_s

    def ticks(self, time_s: float) -> int:
        """The timestamp of the track at a time of the clip."""
        return int((time_s + self.zero_s) / self.tick_s)

    def told_length_s(self) -> float:
        """From time 0 to the end, by the headers; 0 if they do not tell."""
        if self.stream.duration is not None:
            return self.time_s((self.stream.start_time or 0) + self.stream.duration)
        return (self.container.duration or 0) / av.time_base

    def counted_length_s(self) -> float:
        """From time 0 to the end, by all packets that can be read. It leaves nothing of the track to decode."""
        count, end_s = 0, 0.0
        try:
            for packet in self.container.demux(self.stream):
                count += packet.size > 0
                if packet.pts is not None:
                    end_s = max(end_s, self.time_s(packet.pts + (packet.duration or 0)))
                if count >= PACKET_LIMIT:
                    break
        except av.FFmpegError:
            pass  # what came before the damage counts
        return end_s or count / self.rate


@contextmanager
def opened_track(data: bytes) -> Iterator[Track]:
    """The first video track that is no cover picture, to be decoded on the caller's thread alone.

    Raises:
        av.FFmpegError: The file is in none of FORMATS.
        BadEntryError: There is no such track, or none that may be decoded.
    """
    with opened(data, FORMATS, FRAME_LIMIT_PIXELS) as container:
        stream = _chosen(container)
        # Threads of a decoder's own would compete with those of the pool that decodes many clips at once.
        stream.codec_context.thread_type = ThreadType.NONE
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(FRAME_LIMIT_PIXELS)}
        for other in container.streams:
            other.discard = Discard.default if other.index == stream.index else Discard.all
        yield Track(container, stream, zero_s(container))


def zero_s(container: InputContainer) -> float:
    """The first timestamp of any track: where a clip's time is 0."""
    return (container.start_time or 0) / av.time_base


def _chosen(container: InputContainer) -> VideoStream:
    streams = [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    if not streams:
        message = f"the file has {'sound, but no video' if container.streams.audio else 'no video track'}"
        raise BadEntryError(message)
    # PyAV's types leave out that there may be no decoder.
    codec = cast("VideoCodecContext | None", streams[0].codec_context)
    if codec is None:
        message = "its video track is coded in a way that is unknown here"
        raise BadEntryError(message)
    if codec.width * codec.height > FRAME_LIMIT_PIXELS:
        message = (
            f"its frames have {codec.width} x {codec.height} pixels, more than {FRAME_LIMIT_PIXELS} in all"
        )
        raise BadEntryError(message)
    return streams[0]
