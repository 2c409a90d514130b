import numpy as np

from online.saved import Saved, arrays_of, as_part, part_of


def test_a_part_is_found_among_others_as_it_was_saved() -> None:
    part: Saved = {"weights": np.arange(3), "a/names": b"abc"}
    saved: Saved = as_part("a/", part) | as_part("ab/", {"weights": np.zeros(1)}) | {"weights": b""}
    assert part_of(saved, "a/") == part
    assert arrays_of(saved, "a/") == {"weights": part["weights"]}
    assert part_of(saved, "b/") == {}
