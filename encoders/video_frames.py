"""Video to vectors: what an image encoder sees in a few frames, and how much of it changes between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from encoders.base import fingerprint, unit_rows
from encoders.image import ImageEncoder
from encoders.image_efficientnet import EfficientNetEncoder
from encoders.video import FRAME_COUNT, PREPARATION, Clip, VideoEncoder, decode_video

CHANGE_WEIGHT = 0.25
"""Length of the part that tells of change, beside 1 for the part that tells what is seen."""
BORDER_RATIO = 1 / 14
"""Of the frame's side, what is added at each edge: image encoders cut as much away before they look."""
RECIPE = f"frames1 mean change={CHANGE_WEIGHT} frames={FRAME_COUNT} squashed border={BORDER_RATIO:.4f}"


@dataclass(frozen=True)
class PreparedFrames:
    """A clip, ready for `FramesEncoder.embed`."""

    images: tuple[Any, ...]
    """At least one, as the image encoder prepared them."""
    weights: NDArray[np.float32]
    """[n] share of the clip during which each is on show; their sum is 1."""


class FramesEncoder(VideoEncoder[PreparedFrames]):
    """The mean of a clip's frames, each by the time it is on show, and the mean change from frame to frame.

    Both parts have the image encoder's dimensions. Change is taken without its sign: with it, a movement and
    its way back would be opposites, and the two halves of a clip were taken for different clips.
    """

    name = "frames"

    def __init__(self, device: str = "cpu", images: ImageEncoder[Any] | None = None) -> None:
        """Loads the image encoder.

        Args:
            device: As `encoders.devices.resolve_device`.
            images: Looks at the frames in place of an `EfficientNetEncoder` on that device.
        """
        self._images = EfficientNetEncoder(device) if images is None else images
        self.version = fingerprint(RECIPE, PREPARATION, self._images.version)
        self.weights = self._images.weights
        self.dim = 2 * self._images.dim

    def prepare(self, entry: object) -> PreparedFrames:
        """Decodes a file's frames; a `Clip` is taken as it is, for callers that want its sound as well.

        Raises:
            BadEntryError: As `encoders.video.decode_video`.
        """
        clip = entry if isinstance(entry, Clip) else decode_video(entry, with_sound=False)
        images = tuple(self._images.prepare_image(_whole(frame)) for frame in clip.frames)
        return PreparedFrames(images, _shares_of_time(clip))

    def embed(self, prepared: Sequence[PreparedFrames]) -> NDArray[np.float32]:
        """[n, 2 * dimensions of the image encoder]."""
        images = [image for clip in prepared for image in clip.images]
        # [frames of all clips, dimensions of the image encoder]
        seen = unit_rows(self._images.embed(images))
        ends = np.cumsum([len(clip.images) for clip in prepared])
        means = [clip.weights @ part for clip, part in zip(prepared, np.split(seen, ends[:-1]), strict=True)]
        changes = [_mean_change(part) for part in np.split(seen, ends[:-1])]
        parts = unit_rows(np.stack(means)), CHANGE_WEIGHT * unit_rows(np.stack(changes))
        return np.concatenate(parts, axis=1, dtype=np.float32)


def _whole(frame: Image.Image) -> Image.Image:
    """The frame squashed to a square, with a border: else image encoders would see its middle square only."""
    side = min(frame.size)
    edge = round(side * BORDER_RATIO)
    square = Image.new("RGB", (side + 2 * edge, side + 2 * edge))
    square.paste(frame.resize((side, side), Image.Resampling.BICUBIC), (edge, edge))
    return square


def _shares_of_time(clip: Clip) -> NDArray[np.float32]:
    """[n], their sum 1: how long each frame is on show until the next one that was looked at."""
    gaps_s = np.diff(clip.times_s)
    if not len(gaps_s):
        return np.ones(1, np.float32)
    # Where the end of a clip could not be decoded, its last frame does not stand for all of that.
    last_s = np.clip(clip.duration_s - gaps_s.sum(), gaps_s.min(), gaps_s.max())
    shares = np.append(gaps_s, last_s)
    return np.asarray(shares / shares.sum(), np.float32)


def _mean_change(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """[dim]: mean absolute difference of successive rows of [n, dim]; zeros for a single row."""
    if len(seen) == 1:
        return np.zeros_like(seen[0])
    return np.asarray(np.abs(np.diff(seen, axis=0)).mean(axis=0), np.float32)
