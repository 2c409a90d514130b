from pathlib import Path

import pytest

from streams.cli.media_files import (
    MediaError,
    evenly,
    guess_modality,
    media_below,
    parse_modality,
    read_medium,
)


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("a.txt", "text"),
        ("a.JPG", "image"),
        ("a.webp", "image"),
        ("a.ogg", "audio"),
        ("a.wav", "audio"),
        ("a.mkv", "video"),
        ("a.mp4", "video"),
        ("README.md", None),
        ("style.css", None),
        ("LICENSE", None),
    ],
)
def test_names_tell_modalities(name: str, modality: str | None) -> None:
    assert guess_modality(Path(name)) == modality


def test_only_modalities_that_come_in_files_have_names() -> None:
    assert parse_modality("audio") == "audio"
    with pytest.raises(MediaError, match="modality 'location': expected one of text, image, audio, video"):
        parse_modality("location")


def test_text_is_read_as_text_whatever_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xc3\xa9 \xff")
    assert read_medium(tmp_path / "a.txt", "text") == "café \ufffd"
    assert read_medium(tmp_path / "a.txt", "image") == b"caf\xc3\xa9 \xff"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/2.jpg", "b/1.jpg", "a/3.png", "a/README.md", ".cache/4.jpg", "a/.5.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    return tmp_path


def test_files_at_any_depth_sorted_without_hidden_ones(folder: Path) -> None:
    modality, found = media_below(folder, None)
    assert modality == "image"
    assert [str(path.relative_to(folder)) for path in found] == ["a/3.png", "b/1.jpg", "b/2.jpg"]


def test_several_modalities_have_to_be_told_apart(folder: Path) -> None:
    (folder / "b" / "6.wav").write_bytes(b"")
    with pytest.raises(MediaError, match="holds 3 image, 1 audio: say which with --modality"):
        media_below(folder, None)
    assert [path.name for path in media_below(folder, "audio")[1]] == ["6.wav"]


def test_nothing_to_be_found_is_said(folder: Path) -> None:
    with pytest.raises(MediaError, match="no video file among 4 files"):
        media_below(folder, "video")
    with pytest.raises(MediaError, match="nowhere: no such folder"):
        media_below(folder / "nowhere", None)
    (folder / "empty").mkdir()
    with pytest.raises(MediaError, match="empty holds no media: say which"):
        media_below(folder / "empty", None)


def test_a_sample_is_spread_evenly() -> None:
    paths = [Path(f"{place}.jpg") for place in range(10)]
    assert evenly(paths, 4) == [paths[place] for place in (0, 2, 5, 7)]
    assert evenly(paths, None) == evenly(paths, 99) == paths
