from streams.embeddings import Embedded, Embedding
from streams.item_media import ItemMedia


def of(**vectors: bytes) -> Embedding:
    return Embedding("item", {name: Embedded("hash", "encoder", vector) for name, vector in vectors.items()})


def test_items_are_named_and_counted_by_the_media_they_have_now() -> None:
    media = ItemMedia()
    media.take("a", of(image=b"1", text=b"1"))
    media.take("b", of(text=b"1", audio=b""))
    assert [media.name_of(item) for item in "abc"] == ["text+image", "text", "none"]
    assert media.counts() == {"text": 2, "image": 1, "audio": 0, "video": 0, "location": 0}
    media.take("a", of(text=b"1"))
    media.take("b", None)
    media.take("c", None)
    assert [media.name_of(item) for item in "abc"] == ["text", "none", "none"]
    assert media.counts() == {"text": 1, "image": 0, "audio": 0, "video": 0, "location": 0}
