from streams.encoding.sources import medium_hash, sources
from streams.events import ItemDocument, Location, Medium

CLIP = Medium(url="https://example.com/clip.mp4")
SONG = Medium(url="https://example.com/song.ogg")


def test_each_modality_has_its_source() -> None:
    document = ItemDocument(
        "i", title="Teapot", image=Medium(data="aGk="), audio=SONG, location=Location(48.1, 11.6)
    )
    found = sources(document)
    assert {m: s.raw for m, s in found.items()} == {
        "text": "Teapot",
        "image": Medium(data="aGk="),
        "audio": SONG,
        "location": (48.1, 11.6),
    }


def test_a_videos_sound_counts_where_the_item_has_no_other() -> None:
    alone = sources(ItemDocument("i", video=CLIP))
    assert alone["audio"].is_soundtrack
    assert alone["audio"].raw == CLIP
    assert alone["audio"].content_hash != alone["video"].content_hash
    both = sources(ItemDocument("i", video=CLIP, audio=SONG))
    assert both["audio"].raw == SONG
    assert not both["audio"].is_soundtrack


def test_equal_files_have_equal_hashes_and_different_ones_different() -> None:
    same = [medium_hash(Medium(url="a")), medium_hash(Medium(url="a", data=None))]
    assert same[0] == same[1]
    others = [medium_hash(m) for m in (Medium(data="a"), Medium(url="b"), Medium(url="a", format="wav"))]
    assert len({*same, *others}) == 4


def test_an_empty_document_has_no_sources() -> None:
    assert sources(ItemDocument("i")) == {}
