from collections.abc import Iterator

import msgspec
import pytest

from streams.embeddings import Embedded
from streams.settings import Settings
from streams.stores import documents
from streams.stores.documents import DocumentStore
from tests.flow.memory import MemoryKafka


@pytest.fixture
def store() -> Iterator[DocumentStore]:
    settings = Settings()
    with MemoryKafka(settings).instead():
        yield DocumentStore(settings)


def row(content: str, *, transient: bool = False) -> Embedded:
    return Embedded(content, "space", b"" if transient else content.encode(), None, transient)


def test_what_was_made_is_found_while_an_item_uses_it(store: DocumentStore) -> None:
    store.keep_embedded("a", 0, {"text": row("teapot")})
    store.keep_embedded("b", 0, {"text": row("teapot")})
    store.keep_embedded("a", 0, {})
    assert store.find("teapot", "space") == row("teapot")
    assert store.find("teapot", "another space") is None


def test_what_no_item_uses_is_kept_for_a_while(store: DocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "UNUSED_LIMIT", 2)
    store.keep_embedded("used", 0, {"text": row("used")})
    for content in "abc":
        store.keep_content(row(content))
    assert [store.find(content, "space") is not None for content in ("used", "a", "b", "c")] == [
        True, False, True, True,
    ]  # fmt: skip


def test_what_the_largest_batch_makes_is_remembered_until_it_is_published(store: DocumentStore) -> None:
    (limit,) = (m.le for m in Settings.model_fields["encode_batch_items"].metadata if hasattr(m, "le"))
    for content in range(2 * limit):
        store.keep_content(row(str(content)))
    assert store.find("0", "space") is not None


def test_what_is_used_again_is_not_forgotten(store: DocumentStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "UNUSED_LIMIT", 1)
    store.keep_embedded("item", 0, {"text": row("first")})
    store.keep_embedded("item", 0, {"text": row("second")})
    store.keep_embedded("item", 0, {"text": row("first")})
    store.keep_content(row("other"))
    assert store.find("first", "space") is not None
    assert store.find("second", "space") is None


def test_a_later_success_takes_the_place_of_a_passing_failure(store: DocumentStore) -> None:
    store.keep_embedded("item", 3, {"image": row("picture", transient=True)})
    assert store.passing == {"item": 3}
    store.keep_content(row("picture"))
    assert store.find("picture", "space") == row("picture")
    store.keep_embedded("item", 3, {"image": row("picture")})
    assert store.passing == {}


def test_an_earlier_vector_waits_for_the_newer_file_and_is_whole_for_others(store: DocumentStore) -> None:
    earlier = msgspec.structs.replace(row("picture"), error="no answer", transient=True)
    store.keep_embedded("item", 3, {"image": earlier})
    assert store.passing == {"item": 3}
    assert store.embedded("item") == {"image": earlier}
    assert store.find("picture", "space") == row("picture")


def test_an_item_that_could_not_have_a_content_takes_it_from_no_other(store: DocumentStore) -> None:
    store.keep_embedded("fine", 0, {"image": row("picture")})
    store.keep_embedded("failed", 1, {"image": row("picture", transient=True)})
    assert store.find("picture", "space") == row("picture")
