"""Media to encode, made by seed: texts, pictures, sounds and clips of the sizes that shops have."""

from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType

import av
import numpy as np
import soundfile
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from encoders.modalities import Modality

_WORDS = (
    "a and the of with for in on from to is it as by at or this that your our small large light dark soft "
    "strong simple modern old new fine warm cold dry fresh sweet deep high long short red blue green "
    "white black brown golden silver grey yellow cotton wool leather steel glass paper wood stone dress "
    "shirt shoe coat hat lamp chair table book film song story game train city house garden river "
    "mountain bread cheese coffee tea apple lemon pepper oil water sugar music night morning summer "
    "winter friend child woman man doctor teacher detective king soldier artist dog horse bird ship car "
    "engine road letter secret war love finds loses makes keeps takes gives meets leaves returns travels "
    "works plays lives dreams fights saves opens quickly slowly often never always together alone again "
    "today perfect durable comfortable handmade original"
)
WORDS = _WORDS.split()
WORDS_MEDIAN, WORDS_SPREAD, WORDS_LIMIT = 40, 0.8, 180
"""Texts are as long as descriptions are: log-normal, and below what MiniLM reads at once."""
SOUND_RATE, SOUND_S = 44_100, 5.0
CLIP_SIZE, CLIP_RATE, CLIP_FRAMES = (480, 272), 25, 100
PICTURE_SIDES = (400, 1_200)
"""Pixels of a picture's sides: from, to."""

Rng = np.random.Generator


def made_media(modality: Modality, count: int, seed: int) -> list[str | bytes]:
    """So many raw entries of a modality that comes in files; the same seed makes the same."""
    rng = np.random.Generator(np.random.PCG64(seed))
    return [MAKERS[modality](rng) for _ in range(count)]


def _text(rng: Rng) -> str:
    length = int(np.clip(rng.lognormal(np.log(WORDS_MEDIAN), WORDS_SPREAD), 3, WORDS_LIMIT))
    return " ".join(rng.choice(WORDS, length).tolist()).capitalize() + "."


def _picture(rng: Rng) -> bytes:
    """A JPEG: figures and grain on a slope of light, so that it takes as many bytes as a photograph."""
    width, height = rng.integers(*PICTURE_SIDES, 2).tolist()
    image = _drawn(rng, width, height)
    grain = rng.normal(0.0, 6.0, (height, width, 1))
    file = BytesIO()
    Image.fromarray(_to_bytes(np.asarray(image) + grain)).save(file, "JPEG", quality=88)
    return file.getvalue()


def _drawn(rng: Rng, width: int, height: int) -> Image.Image:
    slope = np.linspace(rng.integers(0, 120), rng.integers(130, 255), width)
    image = Image.fromarray(_to_bytes(np.broadcast_to(slope[None, :, None], (height, width, 3))))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        left, top = int(rng.integers(width)), int(rng.integers(height))
        box = (left, top, left + int(rng.integers(10, width)), top + int(rng.integers(10, height)))
        colour: tuple[int, ...] = tuple(rng.integers(0, 256, 3).tolist())
        (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=colour)
    return image


def _sound(rng: Rng) -> bytes:
    """FLAC: a few harmonics that swell and fade, and noise."""
    times_s = np.arange(int(SOUND_RATE * SOUND_S)) / SOUND_RATE
    pitch_hz = rng.uniform(80.0, 800.0)
    tones = sum(np.sin(2 * np.pi * pitch_hz * n * times_s) * rng.uniform(0.2, 1.0) / n for n in range(1, 6))
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.3, 4.0) * times_s)
    samples = 0.2 * tones * swell + rng.normal(0.0, 0.02, len(times_s))
    file = BytesIO()
    # Not Ogg, which has a random number in each file.
    soundfile.write(file, samples.astype(np.float32), SOUND_RATE, format="FLAC")
    return file.getvalue()


def _clip(rng: Rng) -> bytes:
    """An MP4 without sound: a drawn scene under a camera that pans."""
    (width, height), file = CLIP_SIZE, BytesIO()
    scene = np.asarray(_drawn(rng, width + CLIP_FRAMES, height))
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", CLIP_RATE)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = width, height, "yuv420p", 1_500_000
        for place in range(CLIP_FRAMES):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(scene[:, place : place + width]), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def _to_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


MAKERS: Mapping[Modality, Callable[[Rng], str | bytes]] = MappingProxyType(
    {"text": _text, "image": _picture, "audio": _sound, "video": _clip}
)
