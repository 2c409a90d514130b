import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from online.evaluation.vectors import Vectors

SIZE = 40


@settings(deadline=None)  # The first call compiles.
@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.lists(st.integers(0, SIZE - 1), min_size=1, unique=True)), min_size=1
    )
)
def test_it_finds_the_nearest_rows_and_their_mean(puts: list[tuple[int, list[int]]]) -> None:
    vectors, dense = Vectors(SIZE), {}
    for number, (row, columns) in enumerate(puts):
        weights = np.arange(1.0, len(columns) + 1.0) + number
        vectors.put(row, np.array(columns, dtype=np.int32), weights)
        dense[row] = np.zeros(SIZE)
        dense[row][columns] = weights
    other = np.linspace(0.0, 3.0, SIZE)
    distance = {row: float(((vector - other) ** 2).sum()) for row, vector in dense.items() if row != 3}
    nearest = vectors.nearest(other, 2, without=3).tolist()
    assert np.allclose(sorted(distance[row] for row in nearest), sorted(distance.values())[:2])
    if nearest:
        mean = np.mean([dense[row] for row in nearest], axis=0)
        np.testing.assert_allclose(vectors.mean(np.array(nearest)), mean)
