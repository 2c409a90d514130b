import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from online.evaluation.stream import stream_of

ROWS = st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("123"), st.integers(0, 9)), min_size=1)


@given(ROWS, st.permutations("vwxyz"))
def test_renamed_users_have_done_the_same_and_are_in_order(
    rows: list[tuple[str, str, int]], names: list[str]
) -> None:
    called = dict(zip("abcde", names, strict=True))
    users, items, timestamps_ms = zip(*rows, strict=True)
    renamed = stream_of(users, items, timestamps_ms).renamed(called.__getitem__)
    expected = stream_of([called[user] for user in users], items, timestamps_ms)
    assert renamed.user_ids == expected.user_ids
    assert np.array_equal(renamed.users, expected.users)
    assert renamed.users.dtype == expected.users.dtype
    assert renamed.digest() == expected.digest()
