import asyncio

import numpy as np

from streams.embeddings import Embedded
from streams.encoding.embedder import Embedder
from streams.encoding.spaces import Space
from tests.streams.encoding.fakes import FakeImage


def embed_all(encoder: FakeImage, entries: list[bytes], limit: int = 4) -> list[Embedded]:
    async def story() -> list[Embedded]:
        embedder = Embedder({"image": Space(encoder)}, limit)
        return list(await asyncio.gather(*(embedder.embed("image", repr(entry), entry) for entry in entries)))

    return asyncio.run(story())


def axis(row: Embedded) -> int:
    return int(np.argmax(np.frombuffer(row.vector, np.float16)))


def test_each_entry_gets_its_own_vector_whatever_it_is_batched_with() -> None:
    encoder = FakeImage()
    entries = [b"x" * n for n in (1, 2, 3, 4, 5, 6, 7, 1, 2)]
    found = embed_all(encoder, entries)
    assert [axis(row) for row in found] == [1, 2, 3, 4, 5, 6, 7, 1, 2]
    assert [row.content_hash for row in found] == [repr(entry) for entry in entries]


def test_batches_grow_while_they_are_quick_and_end_at_the_limit() -> None:
    encoder = FakeImage()
    embed_all(encoder, [b"x"] * 20, limit=4)
    assert encoder.batches == [1, 2, 4, 4, 4, 4, 1]


def test_an_entry_that_breaks_the_network_fails_alone() -> None:
    found = embed_all(FakeImage(), [b"x", b"xx", b"odd", b"xxxx"])
    assert [row.error for row in found] == [None, None, "internal: RuntimeError: the network breaks", None]
    assert axis(found[3]) == 4


def test_what_a_network_fails_of_is_tried_again() -> None:
    broken, fine = embed_all(FakeImage(), [b"odd", b"x"])
    assert (broken.transient, fine.transient) == (True, False)


def test_other_work_shares_the_thread() -> None:
    async def story() -> int:
        return await Embedder({}, 1).on_thread(max, 1, 2)

    assert asyncio.run(story()) == 2
