import numpy as np
import pytest

from encoders.projection import Projection, pack_half, unpack_half, unpack_one


def unit(n: int, dim: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    vectors = np.random.default_rng(0).standard_normal((n, dim))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_identity_up_to_the_limit() -> None:
    projection = Projection(384)
    vectors = unit(5, 384)
    assert (projection.dim, projection.version) == (384, "identity")
    np.testing.assert_allclose(projection.project(vectors), vectors, atol=1e-7)


def test_cosines_survive_the_projection() -> None:
    vectors = unit(60, 1024)
    vectors[1::2] = 0.8 * vectors[::2] + 0.6 * vectors[1::2]
    projection = Projection(1024)
    small = projection.project(vectors)
    assert small.shape == (60, 384)
    assert small.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(small, axis=1), 1.0, atol=1e-5)
    assert np.abs(small @ small.T - vectors @ vectors.T).max() < 4 / np.sqrt(384)


def test_fixed_for_ever() -> None:
    first = Projection(6, 3)
    assert first.version == "orthonormal-6-3-20"
    vector = np.eye(6, dtype=np.float32)[:1]
    np.testing.assert_allclose(first.project(vector), [PROJECTED], atol=1e-5)


def test_zeros_stay_zeros_and_none_stays_none() -> None:
    projection = Projection(500)
    assert not projection.project(np.zeros((2, 500), np.float32)).any()
    assert projection.project(np.zeros((0, 500), np.float32)).shape == (0, 384)


def test_errors_name_the_shapes() -> None:
    with pytest.raises(ValueError, match=r"expected vectors of shape \[n, 8\], got \[2, 7\]"):
        Projection(8).project(np.zeros((2, 7), np.float32))
    with pytest.raises(ValueError, match="expected at least one dimension, got dim=0, limit=384"):
        Projection(0)


def test_half_precision_there_and_back() -> None:
    vectors = unit(7, 96)
    data = pack_half(vectors)
    assert len(data) == 7 * 96 * 2
    np.testing.assert_allclose(unpack_half(data, 96), vectors, atol=5e-4)
    assert pack_half(np.array([[1.0, -2.0]], np.float32)) == b"\x00\x3c\x00\xc0"
    assert unpack_half(b"", 96).shape == (0, 96)
    np.testing.assert_array_equal(unpack_one(pack_half(vectors[0])), unpack_half(data, 96)[0])


def test_half_precision_refuses_a_torn_vector() -> None:
    with pytest.raises(ValueError, match="multiple of 8 bytes for half-precision vectors of 4, got 9"):
        unpack_half(b"123456789", 4)


PROJECTED = [-0.591726, 0.387556, -0.706867]
