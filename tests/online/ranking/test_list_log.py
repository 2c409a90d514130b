import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from online.events import ListLog
from online.ranking.candidates import Best
from online.ranking.evidence import LEARNED, LOGGED
from online.ranking.features import REQUEST, features_of
from online.ranking.list_log import (
    CANDIDATES,
    HAD_LIMIT,
    HEAD,
    features_of_log,
    had_of_log,
    head_of_log,
    is_readable,
    log_of,
    sampled,
)
from tests.online.ranking.made_logs import hashes, random_log, with_head

counts = st.sampled_from([0, 1, CANDIDATES, CANDIDATES + 1, 200, 700])
salts = st.integers(0, 2**64 - 1)


def made(count: int) -> ListLog:
    return random_log(np.random.default_rng(count), count)


def kept(log: ListLog) -> list[int]:
    return [int(one) for one in np.frombuffer(log.hashes, np.uint32)]


def ids(places: set[int]) -> list[str]:
    return [f"i{place}" for place in sorted(places)]


@settings(deadline=None)
@given(counts, st.sets(st.integers(0, 699), max_size=2 * CANDIDATES), salts)
def test_a_sample_keeps_what_was_had_up_to_its_limit(count: int, places: set[int], salt: int) -> None:
    log = made(count)
    sample = sampled(log, ids(places), salt)
    assert len(kept(sample)) == len(set(kept(sample))) == min(count, CANDIDATES)
    assert set(kept(sample)) <= set(kept(log))
    had = had_of_log(log, ids(places)).sum()
    assert had_of_log(sample, ids(places)).sum() >= min(had, HAD_LIMIT)
    assert sampled(log, ids(places), salt) == sample


@settings(deadline=None, max_examples=20)
@given(st.sets(st.integers(0, 699), max_size=5), salts)
def test_each_candidate_keeps_its_own_columns(places: set[int], salt: int) -> None:
    log = made(700)
    sample = sampled(log, ids(places), salt)
    by_hash = dict(zip(kept(log), features_of_log(log).tolist(), strict=True))
    assert features_of_log(sample).tolist() == [by_hash[one] for one in kept(sample)]
    assert (sample.means, sample.request) == (log.means, log.request)


def test_what_was_served_is_kept_whatever_the_sample_is() -> None:
    shares = np.linspace(0.2, 0.02, HEAD, dtype=np.float32)
    sample = sampled(with_head(made(700), shares), ids({3, 500}), 1)
    found, had = head_of_log(sample, ids({3, 500}))
    assert found.tolist() == shares.tolist()
    assert np.flatnonzero(had).tolist() == [3]
    assert [len(part) for part in head_of_log(made(700), ids({3}))] == [0, 0]


def test_the_log_of_a_list_says_what_a_network_served() -> None:
    count, places = 30, np.array([7, *range(20)])
    scores = np.linspace(0.3, 0.01, len(places), dtype=np.float32)
    columns, means = np.zeros((count, LEARNED), np.float32), np.zeros(LOGGED, np.float32)
    log = log_of(hashes(count), columns, means, np.zeros(len(REQUEST), np.float32), Best(places, scores))
    found, had = head_of_log(log, ["i7"])
    assert found.tolist() == scores[:HEAD].tolist()
    assert had.tolist() == [True] + [False] * 7 + [True, False]


def test_a_list_that_was_had_whole_is_sampled_too() -> None:
    log = made(300)
    sample = sampled(log, ids(set(range(300))), 1)
    assert had_of_log(sample, ids(set(range(300)))).sum() == CANDIDATES


def test_each_salt_draws_another_lot_and_every_candidate_has_its_chance() -> None:
    log = made(400)
    lots = [set(kept(sampled(log, ["i7"], salt))) for salt in range(60)]
    assert len({frozenset(lot) for lot in lots}) == 60
    assert set.union(*lots) == set(kept(log))
    assert set.intersection(*lots) == {hashes(8)[7]}


def test_features_come_back_as_they_were_logged_to_three_digits() -> None:
    rng = np.random.default_rng(5)
    columns = (30 * rng.random((50, LEARNED))).astype(np.float32)
    means, request = rng.random(LOGGED, dtype=np.float32), rng.random(len(REQUEST), dtype=np.float32)
    found = features_of_log(log_of(hashes(50), columns, means, request))
    # A difference from the mean is as exact as the column it is made of.
    expected = features_of(columns, np.zeros(len(columns), np.int32), means[None], request[None])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=0.016)


def test_had_is_told_by_id() -> None:
    assert had_of_log(made(4), ["i2", "elsewhere", "i0"]).tolist() == [True, False, True, False]
    assert had_of_log(made(4), []).tolist() == [False] * 4


def test_a_list_of_another_versions_columns_is_not_readable() -> None:
    log = random_log(np.random.default_rng(0), 8)
    assert is_readable(log)
    assert is_readable(sampled(random_log(np.random.default_rng(0), 1_000), ["i7"], 0))
    column, mean = 8 * 2, 4
    for columns, means, request in ((column, 0, 0), (0, mean, 0), (0, 0, mean)):
        older = ListLog(
            log.hashes,
            log.columns[: len(log.columns) - columns],
            log.means[: len(log.means) - means],
            log.request[: len(log.request) - request],
        )
        assert not is_readable(older)
