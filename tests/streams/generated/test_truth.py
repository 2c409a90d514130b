from dataclasses import fields
from pathlib import Path

import msgspec
import numpy as np

from streams.generated.truth import Truth, read_truth, write_truth
from streams.generated.world import SPAN_MS, START_MS
from tests.streams.generated.worlds import small_world


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    world = small_world(missing=0.3, cold=0.2, drift="gradual", seed=5)
    write_truth(world, tmp_path / "truth.json")
    found = read_truth(tmp_path / "truth.json")
    for field in fields(world):
        np.testing.assert_array_equal(getattr(found, field.name), getattr(world, field.name))
    later_ms = START_MS + SPAN_MS // 3
    np.testing.assert_array_equal(found.oracle_scores(2, later_ms), world.oracle_scores(2, later_ms))


def test_the_file_names_things(tmp_path: Path) -> None:
    world = small_world(items=4, missing=0.5)
    write_truth(world, tmp_path / "truth.json")
    truth = msgspec.json.decode((tmp_path / "truth.json").read_bytes(), type=Truth)
    assert truth.items[2].item_id == "item-2"
    assert truth.items[2].classes["video"] == world.classes[2, 3]
    assert ("image" in truth.items[2].media) == world.present[2, 1]
    assert truth.users[3].second["audio"] == world.tastes[1, 3, 2].tolist()
    assert "sqrt(share" in truth.scores
