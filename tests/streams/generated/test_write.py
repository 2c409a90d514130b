from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from online.evaluation.loading import parse_columns, read_items, read_stream
from streams.events import Interaction, Media, Medium
from streams.generated.behaviour import interactions
from streams.generated.recipe import Recipe
from streams.generated.truth import read_truth
from streams.generated.write import Event, write_world

TINY = Recipe(items=6, users=3, events=40, missing=0.2, cold=0.2, drift="recurring")


def untracked(events: Iterable[Event], _count: int, _kind: str) -> Iterable[Event]:
    return events


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_recipe_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_world(tmp_path / name, TINY, untracked, files=False)
    write_world(tmp_path / "other", msgspec.structs.replace(TINY, seed=1), untracked, files=False)
    first, second, other = (contents(tmp_path / name) for name in ("first", "second", "other"))
    assert sorted(first) == [
        "interactions.csv",
        "interactions.jsonl",
        "items.csv",
        "media.jsonl",
        "truth.json",
    ]
    assert first == second
    assert all(first[name] != other[name] for name in first)


def test_lines_are_events_of_the_contract(tmp_path: Path) -> None:
    write_world(tmp_path, TINY, untracked, files=False)
    media = [msgspec.json.decode(line, type=Media) for line in (tmp_path / "media.jsonl").open("rb")]
    done = [
        msgspec.json.decode(line, type=Interaction) for line in (tmp_path / "interactions.jsonl").open("rb")
    ]
    assert {event.item_id for event in media} == {f"item-{item}" for item in range(6)}
    assert done == list(interactions(read_truth(tmp_path / "truth.json")))


def test_evaluate_reads_the_tables(tmp_path: Path) -> None:
    write_world(tmp_path, TINY, untracked, files=False)
    catalogue = read_items(tmp_path / "items.csv", "item_id", ["title", "text"], None, None)
    columns = parse_columns("user_id=user_id,item_id=item_id,timestamp=timestamp")
    stream = read_stream(tmp_path / "interactions.csv", columns, "s", catalogue)
    expected = list(interactions(read_truth(tmp_path / "truth.json")))
    assert stream.timestamps_ms.tolist() == [event.timestamp_ms for event in expected]
    assert (
        sum(bool(known.text) for known in catalogue.values())
        == read_truth(tmp_path / "truth.json").present[:, 0].sum()
    )


def test_media_may_be_files(tmp_path: Path) -> None:
    folder = tmp_path / "a world"
    write_world(folder, TINY, untracked, files=True)
    named = set()
    for line in (folder / "media.jsonl").open("rb"):
        event = msgspec.json.decode(line, type=Media)
        for medium in (event.image, event.audio, event.video):
            if isinstance(medium, Medium):
                assert isinstance(medium.url, str)
                named.add(medium.url)
    files = set((folder / "media").iterdir())
    assert named == {path.as_uri() for path in files}
    assert all(path.stat().st_size > 500 for path in files)


def test_every_event_is_tracked(tmp_path: Path) -> None:
    seen: dict[str, int] = {}

    def track(events: Iterable[Event], count: int, kind: str) -> Iterable[Event]:
        for number, event in enumerate(events, 1):
            seen[kind] = number
            yield event
        assert seen[kind] == count

    write_world(tmp_path, TINY, track, files=False)
    assert seen == {"media": 6, "interactions": 40}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="expected an empty folder, or none yet"):
        write_world(tmp_path, TINY, untracked, files=False)
    assert contents(tmp_path) == {"mine.txt": b"mine"}
