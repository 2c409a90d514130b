from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from encoders.modalities import modality_mask
from streams.bench import media
from streams.bench.subjects import BenchError
from streams.events import ItemDocument
from streams.settings import Settings


class Documents:
    """Documents that take two seconds each, but for what is there already."""

    def __init__(self, errors: dict[str, str] | None = None) -> None:
        self.now_ms = 1_000_000
        self._errors = errors
        self.sent: list[str] = []
        self.documents: dict[str, tuple[int, ItemDocument]] = {}

    def send(self, _place: object, _producer: object, item_id: str, _fields: object) -> None:
        self.sent.append(item_id)

    def read(self, _seconds: float) -> None:
        """Nothing more comes."""

    def await_all(self, is_done: Any, _subject: object) -> None:  # noqa: ANN401  # a function
        for item_id in self.sent:
            if item_id not in self.documents:
                self.now_ms += 2_000
                mask = 0 if self._errors else modality_mask(["audio"])
                document = ItemDocument(item_id, modalities=mask, encode_errors=self._errors)
                self.documents[item_id] = self.now_ms, document
        assert is_done()


def river_of(watch: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = type("Subject", (), {"pids": dict})

    @contextmanager
    def river(*_: object) -> Iterator[tuple[None, Any, Documents, None]]:
        yield None, subject, watch, None

    monkeypatch.setattr(media, "_river", river)
    monkeypatch.setattr(media, "_send", watch.send)
    monkeypatch.setattr(media, "now_ms", lambda: watch.now_ms)


@pytest.mark.parametrize(("count", "timed"), [(1, 1), (8, 6)])
def test_files_are_timed_after_others_or_themselves_have_warmed_the_workers(
    count: int, timed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    river_of(watch := Documents(), monkeypatch)
    monkeypatch.setattr(media, "_plain_rate", lambda *_: 1.0)
    paths = [tmp_path / f"{number}.wav" for number in range(count)]
    found = media.bulk(Settings(kafka="nowhere:1"), "audio", paths, tmp_path)
    assert (found.files, found.failed, found.files_per_s) == (count, 0, 0.5)
    assert len([item_id for item_id in watch.sent if item_id.startswith("bulk-")]) == timed


def test_pictures_of_which_none_can_be_encoded_have_no_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    river_of(Documents({"image": "is none"}), monkeypatch)
    with pytest.raises(BenchError, match=r"none of 2 pictures could be encoded: .*is none"):
        media.freshness(
            Settings(kafka="nowhere:1"), [tmp_path / "a.jpg", tmp_path / "b.jpg"], tmp_path, 100.0
        )
