"""A file that failed for good, and is named again once the shop or the operator has mended something."""

from pathlib import Path

from streams.embeddings import Embedded
from streams.encoding.sources import sources
from streams.encoding.spaces import Space
from streams.events import ItemDocument, Medium
from tests.flow.river import MemoryRiver, run
from tests.streams.encoding.fakes import FakeImage

URL = "https://shop.example/teapot.jpg"


def test_a_file_that_failed_is_asked_for_again_only_when_it_is_named_again(tmp_path: Path) -> None:
    river, image = MemoryRiver(tmp_path), Space(FakeImage())
    content = sources(ItemDocument("i", image=Medium(url=URL)))["image"].content_hash
    asked: list[tuple[str, int]] = []

    async def story() -> None:
        async with river.encode(more={"image": image}) as worker:
            worker.on_missing = lambda item_id, partition: asked.append((item_id, partition))

            async def send(*fields: dict[str, object]) -> list[tuple[str, int]]:
                asked.clear()
                for one in fields:
                    river.produce("media", {"item_id": "i", **one}, key="i")
                await worker.work(river.media.fetch(100))
                return list(asked)

            async def lands(row: Embedded) -> Embedded:
                worker._store.keep_content(row)
                await worker.refresh([("i", partition)])
                return worker._store.embedded("i")["image"]

            [(_, partition)] = await send({"title": "Teapot", "image": {"url": URL}})
            failed = image.failed(content, "not found")
            assert await lands(failed) == failed
            assert await send({"price": 7.5}) == []
            assert await send({"image": {"url": URL}}, {"price": 8}) == [("i", partition)]
            assert worker._store.passing == {"i": partition}
            assert await lands(failed) == failed
            assert worker._store.passing == {}
            assert await send({"image": {"url": URL}}) == [("i", partition)]
            had = Embedded(content, image.name, b"vector")
            assert await lands(had) == had
            assert await send({"image": {"url": URL}}) == []

    run(river, story)
