import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online.ranking.chances import AS_THEY_ARE, Platt
from online.ranking.features import FEATURES
from online.ranking.network import CLIP, Network, pack, unpack
from tests.online.ranking.made_networks import network_of


@given(st.integers(1, 40), st.integers(0, 99), st.floats(-9, 9), st.floats(0.1, 9))
def test_unpacked_it_is_what_was_packed(width: int, seed: int, intercept: float, slope: float) -> None:
    network = msgspec.structs.replace(network_of(width, seed=seed), platt=Platt(intercept, slope))
    found = unpack(pack(network))
    assert found is not None
    for name in Network.__struct_fields__:
        np.testing.assert_array_equal(getattr(found, name), getattr(network, name))


def test_what_an_earlier_version_packed_takes_shares_for_chances() -> None:
    *earlier, _ = msgspec.msgpack.decode(pack(network_of(4)))
    found = unpack(msgspec.msgpack.encode(earlier))
    assert found is not None
    assert found.platt == AS_THEY_ARE


def test_a_network_of_other_features_or_layers_is_none() -> None:
    assert unpack(pack(network_of(4, features=FEATURES + 1))) is None
    features, sizes, values, _ = msgspec.msgpack.decode(pack(network_of(4)))
    for others in ([], [*sizes, 4]):
        assert unpack(msgspec.msgpack.encode([features, others, values])) is None


def test_damaged_bytes_are_refused() -> None:
    packed = pack(network_of(4))
    with pytest.raises(ValueError, match="truncated"):
        unpack(packed[:-1])
    features, sizes, values, _ = msgspec.msgpack.decode(packed)
    with pytest.raises(ValueError, match="numbers instead"):
        unpack(msgspec.msgpack.encode([features, sizes, values[:-4]]))


def test_a_score_is_the_linear_part_plus_the_perceptron() -> None:
    # x = (features - mean) * scale is [2, -1]; the layer gives relu([2 - 1 + 1, -1 - 1]) = [2, 0].
    network = Network(
        mean=np.array([1, 0], np.float32),
        scale=np.array([1, 0.5], np.float32),
        linear=np.array([10, 1], np.float32),
        hidden=np.array([[1, 0], [1, 1]], np.float32),
        bias=np.array([1, -1], np.float32),
        out=np.array([100, 1_000], np.float32),
    )
    assert network.scores(np.array([[3, -2]], np.float32)).tolist() == [20 - 1 + 200]


def test_what_is_far_out_counts_as_clip_and_what_never_varied_as_nothing() -> None:
    ones = np.ones(2, np.float32)
    network = Network(
        0 * ones, np.array([1, 0], np.float32), ones, np.zeros((2, 1), np.float32), 0 * ones[:1], ones[:1]
    )
    scores = network.scores(np.array([[1e9, 5], [-1e9, 1e9]], np.float32))
    assert scores.tolist() == [CLIP, -CLIP]
