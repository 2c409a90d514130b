from collections.abc import Iterable
from pathlib import Path

import pytest

from online.evaluation.tables import InputError
from streams.generated.read import read_stream_of_world
from streams.generated.recipe import Recipe
from streams.generated.write import Event, write_world
from tests.streams.generated.worlds import small_world


def untracked(events: Iterable[Event], _count: int, _kind: str) -> Iterable[Event]:
    return events


@pytest.mark.parametrize("files", [False, True])
def test_all_that_was_written_is_read(tmp_path: Path, files: bool) -> None:
    recipe = Recipe(
        items=6,
        users=3,
        events=50,
        modalities=("text", "image", "location"),
        shares=(1.0, 1.0, 1.0),
        missing=0.4,
    )
    write_world(tmp_path, recipe, untracked, files=files)
    stream = read_stream_of_world(tmp_path)
    assert stream.event_count == 50
    world = small_world(**{name: getattr(recipe, name) for name in recipe.__struct_fields__})
    for item, present in enumerate(world.present.tolist()):
        known = stream.catalogue[world.item_id(item)]
        assert [bool(known.text), "image" in known.media, "location" in known.media] == present
        if "image" in known.media:
            assert bytes(known.media["image"])[:2] == b"\xff\xd8"  # type: ignore[arg-type]  # a file's bytes


def test_a_line_that_was_cut_off_is_named(tmp_path: Path) -> None:
    recipe = Recipe(items=6, users=3, events=50, modalities=("text",), shares=(1.0,))
    write_world(tmp_path, recipe, untracked, files=False)
    lines = (tmp_path / "media.jsonl").read_bytes()
    (tmp_path / "media.jsonl").write_bytes(lines[:-20])
    with pytest.raises(InputError, match=r"media.jsonl, line 6: Input data was truncated"):
        read_stream_of_world(tmp_path)
