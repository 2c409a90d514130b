import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

import msgspec
import pytest

from encoders.modalities import Modality
from online.events import Cursor
from streams.embeddings import Embedded
from streams.encoding import backlog
from streams.encoding.backlog import Backlog
from streams.encoding.rows import RowMaker
from streams.encoding.sources import Source, sources
from streams.encoding.spaces import Space
from streams.events import ItemDocument, Medium
from streams.settings import Settings
from streams.stores import documents
from streams.stores.documents import DocumentStore, Entry
from tests.streams.encoding.fakes import FakeImage, FakeText

TEXT, IMAGE = Space(FakeText()), Space(FakeImage())


def document(item_id: str, *, title: str | None = None, picture: bool = True) -> ItemDocument:
    return ItemDocument(item_id, title=title, image=Medium(url=f"{item_id}.jpg") if picture else None)


def sharing(item_id: str) -> ItemDocument:
    """One of many items with the same picture."""
    return ItemDocument(item_id, image=Medium(url="shared.jpg"))


class FakeFiles:
    """Encodes in no time, but one at a time when told to wait."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.transient = False

    async def rows(self, wanted: Mapping[Modality, Source], had: Callable[[], object]) -> list[Embedded]:
        self.asked += [str(cast(Medium, source.raw).url) for source in wanted.values()]
        had()
        await self.gate.wait()
        if self.transient:
            return [IMAGE.failed(s.content_hash, "no answer", transient=True) for s in wanted.values()]
        return [Embedded(s.content_hash, IMAGE.name, b"vector") for s in wanted.values()]


class Yard:
    """A backlog over a store that is loaded by hand."""

    def __init__(self, **changed: float) -> None:
        settings = Settings.model_validate({"files_at_once": 2, "files_waiting": 2} | changed)
        self.store = DocumentStore.__new__(DocumentStore)
        self.store._entries = {0: {}}
        self.store._embedded, self.store._contents, self.store.passing = {}, {}, {}
        self.store._unused = OrderedDict()
        self.store.loads, self.store.ready, self.store.overtaken = 0, asyncio.Event(), {}
        self.maker = RowMaker({"text": TEXT, "image": IMAGE})
        self.files = FakeFiles()
        self.published: list[str] = []
        self.kafka = asyncio.Event()
        self.kafka.set()
        self.backlog = Backlog(settings, self.store, self.maker, cast(Any, self.files), self.publish)

    async def publish(self, items: Sequence[tuple[str, int]]) -> None:
        await self.kafka.wait()
        for item_id, partition in items:
            self.published.append(item_id)
            fields = msgspec.json.decode(
                self.store.get(item_id, partition).document or b"", type=ItemDocument
            )
            for row in self.maker.encode([fields], self.store.find):
                self.store.keep_content(row)
            rows = self.maker.rows(fields, self.store.find, self.store.embedded(item_id))
            self.store.keep_embedded(item_id, partition, rows)
            self.put(fields)

    def put(self, *documents: ItemDocument) -> None:
        for found in documents:
            entry = Entry(Cursor("topic", 0, 0, 0), msgspec.json.encode(found))
            self.store.keep(found.item_id, 0, entry)

    def loaded(self) -> None:
        self.store.loads += 1
        self.store.ready.set()


def play(story: Callable[[Yard], Awaitable[None]], **changed: float) -> Yard:
    async def whole() -> Yard:
        yard = Yard(**changed)
        running = asyncio.create_task(yard.backlog.run())
        async with asyncio.timeout(10):
            await story(yard)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return yard

    return asyncio.run(whole())


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def test_an_item_is_published_again_when_its_files_have_landed() -> None:
    async def story(yard: Yard) -> None:
        yard.put(document("a"))
        yard.backlog.add("a", 0)
        await until(lambda: yard.published == ["a"])
        row = yard.store.embedded("a")["image"]
        assert (row.vector, row.content_hash) == (b"vector", sources(document("a"))["image"].content_hash)

    assert play(story).files.asked == ["a.jpg"]


def test_after_a_load_what_is_not_encoded_is_and_what_is_is_not() -> None:
    async def story(yard: Yard) -> None:
        known = msgspec.structs.replace(document("known"), modalities=2)
        yard.put(known, document("new"), document("text", title="Teapot", picture=False))
        yard.store.keep_embedded(
            "known", 0, {"image": Embedded(sources(known)["image"].content_hash, IMAGE.name, b"vector")}
        )
        yard.loaded()
        await until(lambda: sorted(yard.published) == ["new", "text"])

    assert play(story).files.asked == ["new.jpg"]


def test_after_a_load_what_was_written_over_is_published_again() -> None:
    async def story(yard: Yard) -> None:
        yard.put(document("late", picture=False), document("as it is", picture=False))
        yard.store.overtaken = {"late": 0}
        yard.loaded()
        await until(lambda: yard.published == ["late"])

    assert play(story).files.asked == []


def test_what_another_encoder_made_is_made_again() -> None:
    async def story(yard: Yard) -> None:
        old = document("a")
        yard.put(old)
        yard.store.keep_embedded(
            "a", 0, {"image": Embedded(sources(old)["image"].content_hash, "another/1/identity", b"old")}
        )
        yard.loaded()
        await until(lambda: yard.published == ["a"])
        assert yard.store.embedded("a")["image"].encoder == IMAGE.name

    play(story)


def test_new_items_come_before_old_ones() -> None:
    async def story(yard: Yard) -> None:
        yard.files.gate.clear()
        yard.put(*(document(f"old{n}") for n in range(4)), document("new"))
        yard.loaded()
        await until(lambda: len(yard.files.asked) == 2)
        yard.backlog.add("new", 0)
        yard.files.gate.set()
        await until(lambda: len(yard.published) == 5)

    assert play(story).files.asked[2] == "new.jpg"


def test_there_is_no_more_room_while_too_many_wait() -> None:
    async def story(yard: Yard) -> None:
        yard.files.gate.clear()
        yard.put(*(document(str(n)) for n in range(4)))
        for n in range(4):
            yard.backlog.add(str(n), 0)
        await until(lambda: len(yard.files.asked) == 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await yard.backlog.room()
        yard.files.gate.set()
        await yard.backlog.room()

    play(story)


def test_a_passing_failure_is_tried_again() -> None:
    async def story(yard: Yard) -> None:
        yard.files.transient = True
        yard.put(document("a"))
        yard.backlog.add("a", 0)
        await until(lambda: yard.published == ["a"])
        assert yard.store.passing == {"a": 0}
        yard.files.transient = False
        await until(lambda: yard.published == ["a", "a"])
        assert yard.store.passing == {}

    play(story, fetch_again_s=1)


def test_a_changed_file_that_cannot_be_had_yet_is_tried_again_beside_the_earlier_vector() -> None:
    async def story(yard: Yard) -> None:
        earlier = Embedded("hash of the earlier one", IMAGE.name, b"earlier")
        yard.files.transient = True
        yard.put(document("a"))
        yard.store.keep_embedded("a", 0, {"image": earlier})
        yard.backlog.add("a", 0)
        await until(lambda: yard.published == ["a"])
        assert yard.store.embedded("a")["image"].vector == b"earlier"
        yard.files.transient = False
        await until(lambda: yard.published == ["a", "a"])
        assert yard.store.embedded("a")["image"].vector == b"vector"

    play(story, fetch_again_s=1)


def test_an_item_that_is_gone_or_not_owned_any_more_is_let_be() -> None:
    async def story(yard: Yard) -> None:
        yard.backlog.add("gone", 0)
        yard.backlog.add("foreign", 1)
        yard.put(document("a"))
        yard.backlog.add("a", 0)
        await until(lambda: yard.published == ["a"])

    assert play(story).files.asked == ["a.jpg"]


def test_while_nothing_can_be_published_no_more_is_encoded_than_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlog, "LANDED_LIMIT", 2)
    monkeypatch.setattr(documents, "UNUSED_LIMIT", 6)

    async def story(yard: Yard) -> None:
        names = [str(n) for n in range(40)]
        yard.put(*map(document, names))
        yard.kafka.clear()
        for name in names:
            yard.backlog.add(name, 0)
        await asyncio.sleep(0.05)
        yard.kafka.set()
        await until(lambda: len(yard.published) == 40)
        assert all(yard.store.embedded(name) for name in names)

    play(story, encode_batch_items=1)


def test_every_item_with_the_same_picture_gets_its_vector() -> None:
    async def story(yard: Yard) -> None:
        names = [f"item{n}" for n in range(5)]
        yard.put(*map(sharing, names))
        for name in names:
            yard.backlog.add(name, 0)
        await until(lambda: sorted(yard.published) == names)
        assert all(yard.store.embedded(name)["image"].vector for name in names)

    assert play(story, files_at_once=1).files.asked == ["shared.jpg"]


def test_what_another_item_got_of_the_same_picture_mends_an_item_that_could_not_have_it() -> None:
    async def story(yard: Yard) -> None:
        row = Embedded(sources(sharing("a"))["image"].content_hash, IMAGE.name, b"vector")
        failed = IMAGE.failed(row.content_hash, "no answer", transient=True)
        yard.put(sharing("failed"), msgspec.structs.replace(sharing("fine"), modalities=2))
        yard.store.keep_embedded("fine", 0, {"image": row})
        yard.store.keep_embedded("failed", 0, {"image": failed})
        yard.loaded()
        await until(lambda: yard.published == ["failed"])
        assert yard.store.embedded("failed")["image"] == yard.store.embedded("fine")["image"] == row

    assert play(story).files.asked == []


def test_a_document_that_was_not_written_after_its_vector_is_written_after_a_load() -> None:
    async def story(yard: Yard) -> None:
        yard.put(document("a"))
        row = Embedded(sources(document("a"))["image"].content_hash, IMAGE.name, b"vector")
        yard.store.keep_embedded("a", 0, {"image": row})
        yard.loaded()
        await until(lambda: yard.published == ["a"])
        assert msgspec.json.decode(yard.store.get("a", 0).document or b"")["modalities"] == 2

    assert play(story).files.asked == []
