import gc
import os
from pathlib import Path

import pytest

from streams.fetching.errors import MediumError
from streams.fetching.files import check_folder, read_file
from streams.fetching.urls import parsed
from streams.settings import SettingsError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for media beside which there is a secret."""
    (tmp_path / "secret").write_bytes(b"secret")
    media = tmp_path / "media"
    (media / "a b").mkdir(parents=True)
    (media / "a b" / "ü.png").write_bytes(b"picture")
    return media


def read(path: Path | str, folder: Path | None, limit_bytes: int = 100) -> bytes:
    url = path.as_uri() if isinstance(path, Path) else path
    return read_file(parsed(url), folder, limit_bytes)


def reason(path: Path | str, folder: Path | None, limit_bytes: int = 100) -> str:
    with pytest.raises(MediumError) as raised:
        read(path, folder, limit_bytes)
    assert not raised.value.transient
    return raised.value.reason


def test_a_file_below_the_folder_is_read(folder: Path) -> None:
    assert read(folder / "a b" / "ü.png", folder) == b"picture"
    assert read(f"file://localhost{folder}/a%20b/%C3%BC.png", folder) == b"picture"
    assert read(f"file:{folder}/a b/ü.png", folder) == b"picture"


def test_a_relative_folder_is_meant_from_where_we_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert read(folder / "a b" / "ü.png", Path("media")) == b"picture"


def test_the_folder_itself_may_be_a_link(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert read(link / "a b" / "ü.png", link) == b"picture"
    assert read(folder / "a b" / "ü.png", link) == b"picture"


def test_without_a_folder_nothing_is_read(folder: Path) -> None:
    assert "FRESHET_MEDIA_FOLDER names no folder" in reason(folder / "a b" / "ü.png", None)


def test_a_folder_that_is_not_there_is_refused_by_its_setting(folder: Path) -> None:
    check_folder(folder)
    check_folder(None)
    for wrong in (folder / "nosuch", Path(__file__)):
        with pytest.raises(SettingsError, match=f"^FRESHET_MEDIA_FOLDER, {wrong}: there is no such folder$"):
            check_folder(wrong)


def test_what_is_outside_is_not_even_looked_at(folder: Path) -> None:
    said = reason(folder.parent / "secret", folder)
    assert said.replace("secret", "x") == reason(folder.parent / "absent", folder).replace("absent", "x")
    assert "is not below FRESHET_MEDIA_FOLDER" in said
    assert "is not below" in reason(Path(f"{folder}-2") / "a.png", folder)


@pytest.mark.parametrize("up", ["..", "%2e%2e", "%2E.", "a%20b/../.."])
def test_no_way_leads_up(folder: Path, up: str) -> None:
    # A URL's literal dots are taken out by its grammar, so the path is then simply outside.
    said = reason(f"file://{folder}/{up}/secret", folder)
    assert "without '..'" in said or "is not below" in said


def test_links_are_followed_inside_and_refused_outside(folder: Path) -> None:
    (folder / "inside.png").symlink_to(folder / "a b" / "ü.png")
    (folder / "outside.png").symlink_to(folder.parent / "secret")
    (folder / "up").symlink_to(folder.parent)
    (folder / "circle").symlink_to(folder / "circle")
    assert read(folder / "inside.png", folder) == b"picture"
    assert "a link that leads out of" in reason(folder / "outside.png", folder)
    assert "a link that leads out of" in reason(folder / "up" / "secret", folder)
    assert "link" in reason(folder / "circle", folder)


def test_a_link_that_comes_after_the_check_is_not_followed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = folder / "a b"
    real_open = os.open

    def swap_first(path: str, *args: int, **kwargs: int) -> int:
        if path == "a b" and not target.is_symlink():
            target.rename(folder / "away")
            target.symlink_to(folder.parent)
        return real_open(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", swap_first)
    (folder / "a b" / "secret").write_bytes(b"decoy")
    assert "a b/secret: " in reason(folder / "a b" / "secret", folder)


def test_only_regular_files_are_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert "is not a regular file" in reason(folder / "pipe", folder)
    assert "is not a regular file" in reason(folder / "a b", folder)
    assert "is not a regular file" in reason(folder, folder)


def test_what_is_missing_is_told(folder: Path) -> None:
    assert "No such file" in reason(folder / "b.png", folder)
    assert "No such file" in reason(folder / "absent" / "b.png", folder / "absent")


def test_an_empty_file_is_refused(folder: Path) -> None:
    (folder / "empty").touch()
    assert "is empty" in reason(folder / "empty", folder)


def test_the_limit_is_exact(folder: Path) -> None:
    assert read(folder / "a b" / "ü.png", folder, 7) == b"picture"
    with pytest.raises(MediumError, match="more than the 6 bytes of FRESHET_FETCH_BYTES") as raised:
        read(folder / "a b" / "ü.png", folder, 6)
    assert raised.value.kind == "too_large"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("file://other.example/media/a.png", "on another host (other.example)"),
        ("file:a.png", "needs an absolute path"),
        ("file:///media/a%00.png", "needs an absolute path"),
    ],
)
def test_a_url_that_names_no_local_path(folder: Path, url: str, said: str) -> None:
    assert said in reason(url, folder)


def test_a_name_that_is_no_text_is_a_reason_that_can_be_written(folder: Path) -> None:
    assert "No such file" in reason(f"file://{folder}/%FF.png", folder)
    assert reason(f"file://{folder}/%FF.png", folder).encode()


def test_nothing_stays_open(folder: Path) -> None:
    gc.collect()  # what other tests left open must not be closed meanwhile
    open_before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for name in ("a b", "a b/ü.png", "absent"):
        with pytest.raises(MediumError):
            read(folder / name, folder, 1)
    assert (len(os.listdir("/proc/self/fd")) if open_before else 0) == open_before
