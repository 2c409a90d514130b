import asyncio
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from encoders.text_hashing import HashingEncoder
from streams import queries_to_vectors as module
from streams.clock import now_ms
from streams.embeddings import Embedded
from streams.encoding.embedder import Embedder
from streams.encoding.spaces import Space, Spaces
from streams.events import Request
from streams.liveness import Liveness
from streams.producer import Outgoing
from streams.queries import SearchQuery, decode_query, encode_query
from streams.queries_to_vectors import QueriesToVectors
from streams.runs import Run
from streams.settings import Settings
from tests.flow.memory import MemoryKafka, MemoryProducer
from tests.streams.records import record

SETTINGS = Settings()


class SlowFiles:
    """Files that never come, and files that fail, by their address."""

    async def rows(self, wanted: Any) -> list[Embedded]:  # noqa: ANN401  # as FileEncoding
        (source,) = wanted.values()
        if "never" in source.raw.url:
            await asyncio.Event().wait()
        return [Embedded(source.content_hash, "space", b"", "404")]


def query(**asked: Any) -> SearchQuery:  # noqa: ANN401  # JSON
    request = msgspec.convert({"request_id": "r", "kind": "search", **asked}, Request)
    return SearchQuery(request, ["hidden"], b"k", [("trace", b"1")], 3)


async def _encoded(queries: list[SearchQuery], wait_s: float) -> list[Outgoing]:
    spaces: Spaces = {"text": Space(HashingEncoder()), "image": Space(HashingEncoder())}
    producer = MemoryProducer(MemoryKafka(SETTINGS))
    worker = QueriesToVectors(
        SETTINGS, spaces, Embedder(spaces, 8), cast(Any, SlowFiles()), cast(Any, producer), Liveness(1e9)
    )
    run = Run([record("queries", encode_query(q), partition=2, key=q.request.request_id) for q in queries])
    done = await worker.work([run])
    await asyncio.wait([done], timeout=wait_s)
    return [message for batch in producer.delivered for message in batch]


def encoded(*queries: SearchQuery, wait_s: float = 10.0) -> list[SearchQuery]:
    sent = asyncio.run(_encoded(list(queries), wait_s))
    assert all((m.topic, m.key, m.partition) == ("queries", b"r", 2) for m in sent)
    return [decode_query(message.value or b"") for message in sent]


def test_a_text_comes_back_as_the_vector_that_an_item_of_it_would_have() -> None:
    (back,) = encoded(query(query={"text": "a blue  teapot"}))
    space = Space(HashingEncoder())
    expected = space.rows(["?"], space.encoder.encode(["a blue teapot"]))[0]
    assert back.row is not None
    assert (back.modality, back.row.encoder) == ("text", expected.encoder)
    np.testing.assert_allclose(
        np.frombuffer(back.row.vector, np.float16), np.frombuffer(expected.vector, np.float16), atol=1e-3
    )
    assert (back.hidden, back.key, back.headers, back.reply_partition) == (
        ["hidden"],
        b"k",
        [("trace", b"1")],
        3,
    )


def test_what_has_come_back_already_is_left_alone() -> None:
    answered = msgspec.structs.replace(query(query={"text": "x"}), row=Embedded("", "", b""))
    assert encoded(answered) == []


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"query": {"text": " \n"}}, "no text left of 2 characters once markup and white space are gone"),
        ({"query": {"image": {"url": "https://shop/gone"}}}, "404"),
        ({"query": {"audio": {"url": "https://shop/sound"}}}, "FRESHET_AUDIO_ENCODER is none"),
    ],
)
def test_a_query_that_cannot_be_encoded_comes_back_with_the_reason(
    asked: dict[str, Any], reason: str
) -> None:
    (back,) = encoded(query(**asked))
    assert back.row is not None
    assert (back.row.vector, back.row.error) == (b"", reason)


def test_a_file_that_does_not_come_holds_up_no_other_query_and_ends_with_its_deadline() -> None:
    never = query(query={"image": {"url": "https://never"}}, deadline_ms=now_ms() + 200)
    back = encoded(never, query(query={"text": "quick"}))
    assert [q.modality for q in back] == ["text", "image"]
    assert back[1].row is not None
    assert back[1].row.error == "not encoded before the deadline"


class CountedFiles:
    """Files that come when they are let, and how many were waited for at once."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.now = self.most = 0

    async def rows(self, wanted: Any) -> list[Embedded]:  # noqa: ANN401  # as FileEncoding
        (source,) = wanted.values()
        self.now += 1
        self.most = max(self.most, self.now)
        await self.gate.wait()
        self.now -= 1
        return [Embedded(source.content_hash, "space", b"", "404")]


def test_only_so_many_are_in_work_and_none_is_done_before_it_is_on_its_way_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    files, producer = CountedFiles(), MemoryProducer(MemoryKafka(SETTINGS))
    asked = encode_query(query(query={"image": {"url": "https://shop/slow"}}))

    async def story() -> None:
        spaces: Spaces = {"image": Space(HashingEncoder())}
        worker = QueriesToVectors(
            SETTINGS, spaces, Embedder(spaces, 8), cast(Any, files), cast(Any, producer), Liveness(1e9)
        )
        run = Run([record("queries", asked) for _ in range(5)])
        reading = asyncio.create_task(worker.work([run]))
        await asyncio.sleep(0.02)
        assert (files.now, reading.done(), producer.delivered) == (2, False, [])
        files.gate.set()
        done = await reading
        assert not done.done()
        await done

    asyncio.run(story())
    assert len(producer.delivered) == 5
    assert files.most == 2
