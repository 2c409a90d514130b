import numpy as np

from streams.embeddings import Embedded
from streams.encoding.rows import RowMaker
from streams.encoding.sources import sources
from streams.encoding.spaces import Space, Spaces
from streams.events import ItemDocument, Medium
from tests.streams.encoding.fakes import FakeImage, FakeText


class Known:
    """What was made of contents so far."""

    def __init__(self, rows: list[Embedded] | None = None) -> None:
        self.rows = {(row.content_hash, row.encoder): row for row in rows or []}

    def find(self, content_hash: str, name: str) -> Embedded | None:
        return self.rows.get((content_hash, name))


def text_only(encoder: FakeText) -> RowMaker:
    return RowMaker({"text": Space(encoder)})


def test_each_text_gets_a_unit_vector_and_the_document_says_so() -> None:
    space = Space(FakeText())
    maker = RowMaker({"text": space})
    document = ItemDocument("i", title="Teapot")
    known = Known(maker.encode([document], Known().find))
    row = maker.rows(document, known.find, {})["text"]
    vector = np.frombuffer(row.vector, np.float16).astype(np.float32)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3
    assert (row.error, row.encoder) == (None, space.name)
    assert (document.modalities, document.encode_errors) == (1, None)


def test_equal_texts_of_one_batch_are_encoded_once() -> None:
    encoder = FakeText()
    assert len(text_only(encoder).encode([ItemDocument(i, title="Teapot") for i in "ab"], Known().find)) == 1
    assert encoder.seen == ["Teapot"]


def test_what_was_encoded_before_is_not_encoded_again() -> None:
    encoder = FakeText()
    document = ItemDocument("i", title="Teapot")
    maker = text_only(encoder)
    known = Known(maker.encode([document], Known().find))
    assert maker.encode([document], known.find) == []
    assert encoder.seen == ["Teapot"]


def test_another_version_of_the_encoder_is_another_space() -> None:
    assert Space(FakeImage("2")).name != Space(FakeImage()).name


def test_an_item_without_text_has_no_vector_and_no_error() -> None:
    encoder, document = FakeText(), ItemDocument("i", price=3.0)
    maker = text_only(encoder)
    assert maker.encode([document], Known().find) == []
    assert maker.rows(document, Known().find, {}) == {}
    assert (document.modalities, document.encode_errors, encoder.seen) == (0, None, [])


def test_a_text_that_fails_says_why_and_the_others_have_theirs() -> None:
    bad, good = ItemDocument("b", title="bad"), ItemDocument("g", title="good")
    maker = text_only(FakeText())
    known = Known(maker.encode([bad, good], Known().find))
    row = maker.rows(bad, known.find, {})["text"]
    maker.rows(good, known.find, {})
    assert (row.vector, row.error) == (b"", "cannot be read")
    assert (bad.modalities, bad.encode_errors) == (0, {"text": "cannot be read"})
    assert (good.modalities, good.encode_errors) == (1, None)


def spaces() -> Spaces:
    return {"text": Space(FakeText()), "image": Space(FakeImage())}


def test_a_picture_is_missing_until_it_has_a_vector_or_a_lasting_reason() -> None:
    maker, made = RowMaker(spaces()), spaces()["image"]
    document = ItemDocument("i", image=Medium(url="https://example.com/a.jpg"))
    content_hash = sources(document)["image"].content_hash
    assert list(maker.missing(document, Known().find)) == ["image"]
    for row, is_missing in (
        (Embedded(content_hash, made.name, b"vector"), False),
        (made.failed(content_hash, "no picture"), False),
        (made.failed(content_hash, "no answer", transient=True), True),
        (Embedded(content_hash, "another encoder", b"vector"), True),
    ):
        assert bool(maker.missing(document, Known([row]).find)) == is_missing


def test_a_changed_picture_leaves_the_old_vector_until_its_own_is_made() -> None:
    maker, name = RowMaker(spaces()), spaces()["image"].name
    old, new = (ItemDocument("i", image=Medium(url=f"https://example.com/{n}.jpg")) for n in "ab")
    before = Embedded(sources(old)["image"].content_hash, name, b"old vector")
    after = Embedded(sources(new)["image"].content_hash, name, b"new vector")
    assert maker.rows(new, Known([before]).find, {"image": before}) == {"image": before}
    assert new.modalities == 2
    assert maker.rows(new, Known([before, after]).find, {"image": before}) == {"image": after}


def test_a_changed_picture_that_cannot_be_had_now_leaves_the_old_vector_and_says_why() -> None:
    maker, space = RowMaker(spaces()), spaces()["image"]
    new = ItemDocument("i", image=Medium(url="https://example.com/b.jpg"))
    content_hash = sources(new)["image"].content_hash
    before = Embedded("hash of a", space.name, b"old vector")
    passing = Known([space.failed(content_hash, "no answer", transient=True)])
    rows = maker.rows(new, passing.find, {"image": before})
    assert rows == {"image": Embedded("hash of a", space.name, b"old vector", "no answer", transient=True)}
    assert (new.modalities, new.encode_errors) == (2, {"image": "no answer"})
    assert not maker.is_unsaid(new, passing.find, rows)
    assert list(maker.missing(new, passing.find)) == ["image"]
    lasting = Known([space.failed(content_hash, "not found")])
    assert maker.rows(new, lasting.find, rows) == {"image": space.failed(content_hash, "not found")}
    assert (new.modalities, new.encode_errors) == (0, {"image": "not found"})


def test_a_vector_of_another_encoder_does_not_stand_in() -> None:
    maker, space = RowMaker(spaces()), spaces()["image"]
    document = ItemDocument("i", image=Medium(url="https://example.com/a.jpg"))
    failed = space.failed(sources(document)["image"].content_hash, "no answer", transient=True)
    before = Embedded(failed.content_hash, "another encoder", b"old vector")
    assert maker.rows(document, Known([failed]).find, {"image": before}) == {"image": failed}


def test_a_removed_picture_leaves_no_vector() -> None:
    maker = RowMaker(spaces())
    document = ItemDocument("i", title="Teapot")
    before = Embedded("hash", spaces()["image"].name, b"vector")
    assert maker.rows(document, Known().find, {"image": before}) == {}
    assert document.modalities == 0
