import asyncio
from collections.abc import Coroutine
from io import BytesIO
from typing import Any, cast

import numpy as np
from PIL import Image
from prometheus_client import REGISTRY

from encoders.modalities import Modality
from streams.embeddings import Embedded
from streams.encoding.embedder import Embedder
from streams.encoding.files import FileEncoding
from streams.encoding.sources import Source, medium_hash
from streams.encoding.spaces import Space, Spaces
from streams.events import Medium
from streams.fetching.errors import MediumError
from tests.streams.encoding.fakes import FakeImage, FakeSound, FakeVideo


class FakeFetcher:
    """Gives the URL as the file's bytes, unless others are set; `gone` cannot be had now, `never` not at all."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.files: dict[str, bytes] = {}

    async def fetch(self, medium: Medium) -> bytes:
        url = str(medium.url)
        self.asked.append(url)
        await asyncio.sleep(0)
        if url == "gone":
            message = "no answer"
            raise MediumError(message, "timeout", transient=True)
        if url == "never":
            message = "not found"
            raise MediumError(message, "status")
        return self.files.get(url, url.encode())


class Desk:
    """A file encoding with fakes around it."""

    def __init__(self) -> None:
        self.spaces: Spaces = {"image": Space(FakeImage())}
        self.fetcher = FakeFetcher()
        self.files: FileEncoding | None = None

    def rows(self, *wanted: dict[Modality, Source]) -> list[list[Embedded]]:
        """What is made of several askings at the same time."""

        async def story() -> list[list[Embedded]]:
            files = FileEncoding(self.spaces, cast(Any, self.fetcher), Embedder(self.spaces, 4))
            asked: list[Coroutine[Any, Any, list[Embedded]]] = [files.rows(w) for w in wanted]
            return list(await asyncio.gather(*asked))

        return asyncio.run(story())


def picture(url: str) -> dict[Modality, Source]:
    medium = Medium(url=url)
    return {"image": Source(medium_hash(medium), medium)}


def test_a_file_becomes_a_row_under_its_hash() -> None:
    desk = Desk()
    [[row]] = desk.rows(picture("abc"))
    assert (row.content_hash, row.encoder) == (
        picture("abc")["image"].content_hash,
        desk.spaces["image"].name,
    )
    assert int(np.argmax(np.frombuffer(row.vector, np.float16))) == 3


def test_equal_files_asked_for_together_are_fetched_once() -> None:
    desk = Desk()
    first, second = desk.rows(picture("abc"), picture("abc"))
    assert first == second
    assert desk.fetcher.asked == ["abc"]


def test_one_file_can_be_the_picture_of_one_item_and_the_sound_of_another() -> None:
    desk = Desk()
    desk.spaces = {"image": Space(FakeImage()), "audio": Space(FakeSound())}
    medium = Medium(url="abc")
    sound: dict[Modality, Source] = {"audio": Source(medium_hash(medium), medium)}
    [seen], [heard] = desk.rows(picture("abc"), sound)
    assert (seen.encoder, heard.encoder) == (desk.spaces["image"].name, desk.spaces["audio"].name)


def test_one_file_can_be_the_picture_and_the_video_of_an_item() -> None:
    file = BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=100)
    desk = Desk()
    desk.spaces = {"image": Space(FakeImage()), "video": Space(FakeVideo())}
    desk.fetcher.files["a.gif"] = file.getvalue()
    medium = Medium(url="a.gif")
    source = Source(medium_hash(medium), medium)
    [rows] = desk.rows({"image": source, "video": source})
    assert [(row.error, bool(row.vector)) for row in rows] == [(None, True)] * 2


def test_a_video_that_cannot_be_seen_is_heard() -> None:
    desk = Desk()
    desk.spaces = {"audio": Space(FakeSound()), "video": Space(FakeVideo())}
    medium = Medium(url="sound only")
    [[video, audio]] = desk.rows(
        {
            "video": Source(medium_hash(medium), medium),
            "audio": Source(medium_hash(medium, b"sound"), medium, is_soundtrack=True),
        }
    )
    assert "cannot be read as video" in str(video.error)
    assert audio.vector


def test_what_cannot_be_had_keeps_the_reason_and_whether_it_may_pass() -> None:
    [[row]] = Desk().rows(picture("gone"))
    assert (row.vector, row.error, row.transient) == (b"", "no answer", True)


def test_what_gets_no_vector_is_counted_wherever_it_failed_unless_it_is_tried_again() -> None:
    def failed() -> float | None:
        return REGISTRY.get_sample_value("freshet_encode_failures_total", {"modality": "image"})

    Desk().rows()
    assert REGISTRY.get_sample_value("freshet_encoded_total", {"modality": "image"}) is not None
    before = failed()
    assert before is not None
    Desk().rows(picture("gone"))
    assert failed() == before
    Desk().rows(picture("never"), picture("bad"), picture("fine"))
    assert failed() == before + 2


def test_what_cannot_be_decoded_keeps_a_lasting_reason() -> None:
    [[row]] = Desk().rows(picture("bad"))
    assert (row.vector, row.error, row.transient) == (b"", "no picture", False)


def test_a_defect_met_by_one_file_is_its_reason_and_stops_no_other() -> None:
    [bug], [odd], [fine] = Desk().rows(picture("bug"), picture("odd"), picture("fine"))
    assert bug.error == "internal: ZeroDivisionError: a defect"
    assert odd.error == "internal: RuntimeError: the network breaks"
    assert fine.vector


def test_nothing_wanted_nothing_made() -> None:
    assert Desk().rows({}) == [[]]
