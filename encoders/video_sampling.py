"""Which frames of a video track are looked at, and how they are reached at a bounded cost."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import av
from av.video.frame import VideoFrame

from encoders.video_track import Track

WORK_LIMIT_PIXELS = 1_000_000_000
"""Pixels decoded of one clip: 480 frames of full HD, about 2 s of one core."""
SEEK_WORTH_PIXELS = 10_000_000
"""What lies nearer than this is decoded through: a seek falls back to a key frame and costs as much."""


class Shown(NamedTuple):
    """A frame as decoded, and when it is shown."""

    time_s: float
    frame: VideoFrame


def sample_frames(track: Track, times_s: Sequence[float], may_seek: bool = True) -> Iterator[Shown]:
    """Frames on show at the given times, each frame once, in order of time.

    Seeks where that is cheaper than decoding all in between, so that the cost does not grow with the length.
    Fewer frames come where the track has fewer, where it is damaged, or where the share of WORK_LIMIT_PIXELS
    that each time has does not lead to another frame.

    Args:
        track: Freshly opened.
        times_s: At least one, ascending.
        may_seek: False to decode from the start.
    """
    reader = FrameReader(track, may_seek)
    read_limit = WORK_LIMIT_PIXELS // track.pixels
    last_s = float("-inf")
    for number, time_s in enumerate(times_s, 1):
        shown = reader.frame_at(time_s, math.ceil(read_limit * number / len(times_s)))
        if shown is not None and shown.time_s > last_s:
            last_s = shown.time_s
            yield shown


class FrameReader:
    """Walks through a track to given times, in ascending order."""

    read_count: int
    """Packets decoded so far; one holds one frame, as a rule."""

    def __init__(self, track: Track, may_seek: bool) -> None:
        """Stands before the first frame.

        Args:
            track: Freshly opened.
            may_seek: False to decode all that comes.
        """
        self.read_count = 0
        self._track = track
        self._may_seek = may_seek
        self._packets = track.container.demux(track.stream)
        self._ahead: deque[Shown] = deque()
        self._shown: Shown | None = None
        self._frame_count = 0

    def frame_at(self, time_s: float, read_limit: int) -> Shown | None:
        """The frame on show at a time, or the one reached once `read_limit` packets have been read in all."""
        if self._may_seek and self._is_worth_a_seek(time_s):
            self._seek(time_s, read_limit)
        while not self._ahead or self._ahead[0].time_s <= time_s:
            if self._ahead:
                self._shown = self._ahead.popleft()
            elif not self._decode_one(read_limit):
                break
        # The first frame may come after the first time.
        return self._shown or (self._ahead[0] if self._ahead else None)

    def _position_s(self) -> float:
        return self._shown.time_s if self._shown else 0.0

    def _is_worth_a_seek(self, time_s: float) -> bool:
        frames = (time_s - self._position_s()) * self._track.rate
        if frames * self._track.pixels < SEEK_WORTH_PIXELS:
            return False
        index = self._track.stream.index_entries
        # Some indexes grow as the file is read: only one that reaches so far can say that a seek is in vain.
        if len(index) == 0 or self._track.time_s(index[-1].timestamp) < time_s:
            return True
        key = index.search_timestamp(self._track.ticks(time_s))
        return key < 0 or self._track.time_s(index[key].timestamp) > self._position_s()

    def _seek(self, time_s: float, read_limit: int) -> None:
        before_s = self._position_s()
        try:
            self._track.container.seek(self._track.ticks(time_s), stream=self._track.stream)
        except (av.FFmpegError, OverflowError):
            self._may_seek = False
            return
        self._packets = self._track.container.demux(self._track.stream)
        self._ahead.clear()
        self._shown = None
        while not self._ahead and self._decode_one(read_limit):
            pass
        # Where key frames are rare, seeks would lead to the same one again and again.
        self._may_seek = bool(self._ahead) and self._ahead[0].time_s > before_s

    def _decode_one(self, read_limit: int) -> bool:
        """Decodes the next packet, which may give no frame; False at the end or at the limit."""
        try:
            packet = next(self._packets, None) if self.read_count < read_limit else None
        except av.FFmpegError:
            return False
        if packet is None:
            return False
        self.read_count += 1
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return True  # a damaged frame; the next key frame mends it
        self._ahead.extend(Shown(self._time_s(frame), frame) for frame in frames)
        return True

    def _time_s(self, frame: VideoFrame) -> float:
        self._frame_count += 1
        # Bare streams of frames (h264, mjpeg) may have no times.
        if frame.pts is None:
            return (self._frame_count - 1) / self._track.rate
        return self._track.time_s(frame.pts)
