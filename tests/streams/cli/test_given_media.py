from pathlib import Path

from streams.cli.given_media import TITLE_CHARACTERS, given_media


def test_in_order_each_as_its_encoder_takes_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("from a file")
    (tmp_path / "b.png").write_bytes(b"picture")
    found = given_media([tmp_path / "a.txt", tmp_path / "b.png"], ["said"], ["48.5,-11"], None)
    assert [(medium.modality, medium.raw) for medium in found] == [
        ("text", "from a file"),
        ("image", b"picture"),
        ("text", "said"),
        ("location", (48.5, -11.0)),
    ]
    assert all(medium.problem is None for medium in found)


def test_a_modality_that_is_named_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"no picture")
    (found,) = given_media([tmp_path / "b.png"], [], [], "audio")
    assert (found.modality, found.raw) == ("audio", b"no picture")


def test_what_cannot_be_had_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").touch()
    files = [tmp_path / "a.xyz", tmp_path / "b.png", Path("a red pan")]
    unknown, missing, said, place = given_media(files, [], ["48"], None)
    assert said.problem == "no such file: a text itself is given with --text"
    assert unknown.problem == "its name tells no modality: say which with --modality"
    assert missing.problem == "No such file or directory"
    assert place.problem is not None
    assert "expected LAT,LON" in place.problem


def test_long_texts_have_short_names() -> None:
    (found,) = given_media([], ["word " * 50], [], None)
    assert len(found.name) == TITLE_CHARACTERS
    assert found.raw == "word " * 50
