"""Encoders that note what they read, and are known by what they make of it."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from encoders.modalities import Modality
from encoders.video import Clip, VideoEncoder


class FakeText(Encoder[str]):
    """One axis for each length; whatever contains "bad" fails."""

    name, version, modality, dim = "fake", "1", "text", 8

    def __init__(self) -> None:
        self.seen: list[str] = []

    def prepare(self, entry: object) -> str:
        text = str(entry)
        self.seen.append(text)
        if "bad" in text:
            message = "cannot be read"
            raise BadEntryError(message)
        return text

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(self.dim, dtype=np.float32)[[len(text) % self.dim for text in prepared]]


class FakeImage(Encoder[bytes]):
    """One axis for each length of the file; `bad` cannot be decoded, `odd` breaks the network."""

    name, version, dim = "fake", "1", 8
    modality: ClassVar[Modality] = "image"

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.seen: list[bytes] = []
        self.batches: list[int] = []

    def prepare(self, entry: object) -> bytes:
        assert isinstance(entry, bytes)
        self.seen.append(entry)
        if entry == b"bad":
            message = "no picture"
            raise BadEntryError(message)
        if entry == b"bug":
            message = "a defect"
            raise ZeroDivisionError(message)
        return entry

    def embed(self, prepared: Sequence[bytes]) -> NDArray[np.float32]:
        self.batches.append(len(prepared))
        if b"odd" in prepared:
            message = "the network breaks"
            raise RuntimeError(message)
        return np.eye(self.dim, dtype=np.float32)[[len(data) % self.dim for data in prepared]]


class FakeSound(FakeImage):
    """The same for sounds."""

    modality: ClassVar[Modality] = "audio"
    name = "fake sounds"


class FakeVideo(VideoEncoder[int]):
    """One axis for each number of frames."""

    name, version, dim = "fake", "1", 16

    def prepare(self, entry: object) -> int:
        assert isinstance(entry, Clip)
        return len(entry.frames)

    def embed(self, prepared: Sequence[int]) -> NDArray[np.float32]:
        return np.eye(self.dim, dtype=np.float32)[list(prepared)]
