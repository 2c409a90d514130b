"""The sound track of a file, decoded such that a hostile file can neither reach out nor take all the memory."""

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.codec.context import ThreadType
from av.container import InputContainer
from av.stream import Discard
from numpy.typing import NDArray

RATE_HZ = 16_000
"""Samples a second of every sound that an encoder hears: enough for 8 kHz, of which speech needs half."""
DURATION_LIMIT_S = 600.0
"""Seconds decoded of one sound; what follows is ignored."""
FORMATS = (
    "aac ac3 aiff amr ape asf au avi caf eac3 flac flv matroska mov mp3 mpeg mpegts mxf nut ogg rm tta voc w64 "
    "wav wv"
)
"""What a sound may be in."""
FRAME_LIMIT_SAMPLES = 2**19
"""Samples of one channel in one frame: a few seconds. Codecs in use have at most a tenth of it."""
BLOCK_SAMPLES = 2**16
"""Samples of one channel that are resampled together."""
CHANNEL_LIMIT = 32
SLOWEST_RATE_HZ = 1_000
"""Tracks that claim a lower rate are damaged; taken at their word, a kilobyte would be hours."""
FASTEST_RATE_HZ = 768_000
FAILURE_LIMIT = 200
"""Packets in a row that cannot be decoded, after which the rest of a file is given up."""


def decoded(container: InputContainer) -> tuple[NDArray[np.float32], float] | None:
    """The first sound track of an open container: its samples, and when they begin.

    Returns:
        [n] float32 mono at RATE_HZ, n >= 0 and at most DURATION_LIMIT_S, and the presentation time of the first
        sample by the container's clock in seconds; None without a sound track that can be decoded. Channels
        are averaged as FFmpeg mixes them. Packets that are damaged are left out.
    """
    # A codec that is unknown here leaves its track without a context.
    tracks = [track for track in container.streams.audio if track.codec_context is not None]
    if not tracks:
        return None
    stream = tracks[0]
    # Threads of a decoder's own would compete with those of the pool that decodes many files at once.
    stream.codec_context.thread_type = ThreadType.NONE
    stream.codec_context.thread_count = 1
    stream.codec_context.options = {"max_samples": str(FRAME_LIMIT_SAMPLES)}
    for other in container.streams:
        other.discard = Discard.default if other.index == stream.index else Discard.all
    frames = _frames(container, stream)
    first = next(frames, None)
    if first is None:
        return np.zeros(0, np.float32), 0.0
    # Asked before the resampler takes the frame's timestamp away.
    start_s = first.time or 0.0
    return np.concatenate([*_resampled(chain([first], frames))]), start_s


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    """What can be decoded, until too much in a row cannot."""
    packets = container.demux(stream)
    failures = 0
    while failures < FAILURE_LIMIT:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.FFmpegError:
            failures += 1
            continue
        for frame in frames:
            if isinstance(frame, av.AudioFrame) and _is_sound(frame):
                failures = 0
                yield frame


def _is_sound(frame: av.AudioFrame) -> bool:
    return (
        frame.samples > 0
        and SLOWEST_RATE_HZ <= frame.sample_rate <= FASTEST_RATE_HZ
        and 1 <= len(frame.layout.channels) <= CHANNEL_LIMIT
    )


def _resampled(frames: Iterable[av.AudioFrame]) -> Iterator[NDArray[np.float32]]:
    """Mono at RATE_HZ, in parts, at least one, DURATION_LIMIT_S in all.

    A track may change its rate and layout on the way; each stretch of the same kind has a resampler of its own.
    """
    room = round(DURATION_LIMIT_S * RATE_HZ)
    for _, stretch in groupby(
        frames, lambda frame: (frame.format.name, frame.layout.name, frame.sample_rate)
    ):
        resampler = AudioResampler("fltp", "mono", RATE_HZ)
        for block in chain(_blocks(stretch), [None]):
            for part in resampler.resample(block):
                samples = np.asarray(part.to_ndarray()[0, :room], np.float32)
                room -= len(samples)
                yield samples
            if room <= 0:
                return
    yield np.zeros(0, np.float32)


def _blocks(frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """The same samples in fewer frames, of BLOCK_SAMPLES or more: resampling hundreds costs as much as decoding."""
    queue = av.AudioFifo()
    for frame in frames:
        # A queue and a resampler refuse times that leave gaps or go back, and nobody needs any but the first.
        frame.pts = None
        queue.write(frame)
        if queue.samples >= BLOCK_SAMPLES and (block := queue.read()):
            yield block
    if queue.samples and (rest := queue.read()):
        yield rest
