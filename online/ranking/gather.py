"""From users' histories to candidates with their evidence from every source, in one compiled pass."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.blend import SOURCES, mixture
from online.ranking.evidence import (
    BLOCKED,
    CANDIDATE_LIMIT,
    COLUMNS,
    FORWARD_SUM,
    FREQUENCY_SUM,
    GRAPH_SUM,
    LINKS_SUM,
    PART_SUM,
    SHORT_SUM,
    SINCE_FIRST_DAYS,
    SINCE_HAD_DAYS,
    TIMES_SUM,
    WANTED,
    Scratch,
    clear,
    look_at,
    new_place,
)
from online.ranking.features import REQUEST, request_of
from online.ranking.select import HURRIED_SHARE, select
from online.ranking.sources import Sources
from online.ranking.wanted import want_alike, want_rising, want_top
from online.recommender_config import DAY_S
from online.statistics.base import Floats, Queries, Query, Rows, query_of
from online.statistics.edges import Edges
from online.statistics.folding import FORWARD_NOW, GRAPH_NOW, HOURLY_NOW, REPEATS_NOW, SHORT_NOW
from online.statistics.forward_graph import ForwardGraph
from online.statistics.graph import NORM_PRIOR, edge_scale
from online.statistics.lags import LagDecay, lag_weights
from online.statistics.repeats import overall_share
from online.statistics.short_graph import ShortGraph
from online.statistics.symmetric_graph import SymmetricGraph

GRAPH_LAG, SHORT_LAG, FORWARD_LAG = SymmetricGraph.score_lag, ShortGraph.score_lag, ForwardGraph.score_lag
LAST_LAG, FEW_LAG, WIDE_LAG = LagDecay(1, 1.0), LagDecay(3, 1.0), LagDecay(60, 0.97)
"""How else the symmetric graph is asked: by the last entry, the last few, and all of the history."""
THIN = 0.5
"""A user whose history the graph knows less than this share of is compared with all items by content."""


class Gathered(NamedTuple):
    """The candidates of several lists: of the first, then of the next."""

    starts: NDArray[np.int64]
    """[lists + 1] where each list's candidates begin, and where the last one's end."""
    lists: NDArray[np.int32]
    """[n] which list each candidate is of."""
    rows: Rows
    """[n]"""
    evidence: Floats
    """[n, COLUMNS], see `online.ranking.evidence`."""
    parts: Floats
    """[n, len(SOURCES)] what each source adds to the blend's score."""
    requests: Floats
    """[lists, len(REQUEST)], see `online.ranking.features`."""


@njit(cache=True)
def gather_lists(  # noqa: PLR0913, PLR0917  # compiled code is called by place
    sources: Sources,
    factors: NDArray[np.float64],
    queries: Queries,
    liked: Floats,
    likes: NDArray[np.bool_],
    blocked: Rows,
    blocked_starts: NDArray[np.int64],
    wanted: Rows,
    hidden_since_s: NDArray[np.float64],
    servable: NDArray[np.bool_],
    muted: NDArray[np.int64],
    hurried: bool,
) -> Gathered:
    """Collects the candidates of each of some users' lists; for the arguments, here [users, …], see `gather`.

    Args:
        sources: As there, like all that is not named here.
        factors: As there.
        queries: The users.
        liked: As there.
        likes: [users] whether what a user is looked to like is known.
        blocked: As there, the first user's first.
        blocked_starts: [users + 1] where each user's begin, and where the last one's end.
        wanted: As there, the same for all.
        hidden_since_s: As there.
        servable: As there, the same for all.
        muted: Columns of evidence that count for nothing.
        hurried: As there, the same for all.
    """
    count = len(queries.now_s)
    starts, rows = np.zeros(count + 1, np.int64), np.empty(count * CANDIDATE_LIMIT, np.int32)
    lists = np.empty(len(rows), np.int32)
    # Of what nothing was written to the system gives no page.
    evidence = np.empty((len(rows), COLUMNS), np.float32)
    parts = np.empty((len(rows), len(SOURCES)), np.float32)
    requests = np.empty((count, len(REQUEST)), np.float32)
    for i in range(count):
        query, begin = query_of(queries, i), starts[i]
        found, known, repeat_share = gather(
            sources,
            factors[i],
            query,
            liked[i] if likes[i] else liked[i, :0],
            blocked[blocked_starts[i] : blocked_starts[i + 1]],
            wanted,
            hidden_since_s[i],
            servable,
            hurried,
        )
        end = starts[i + 1] = begin + found
        rows[begin:end] = sources.scratch.rows[:found]
        lists[begin:end] = i
        evidence[begin:end] = sources.scratch.evidence[:found]
        for column in muted:
            evidence[begin:end, column] = 0
        parts[begin:end] = mixture(evidence[begin:end], repeat_share, known)
        requests[i] = request_of(query, known, repeat_share, found)
    total = starts[count]
    return Gathered(starts, lists[:total], rows[:total], evidence[:total], parts[:total], requests)


@njit(cache=True)
def gather(  # noqa: PLR0913, PLR0917  # compiled code is called by place
    sources: Sources,
    factors: NDArray[np.float64],
    query: Query,
    liked: Floats,
    blocked: Rows,
    wanted: Rows,
    hidden_since_s: float,
    servable: NDArray[np.bool_],
    hurried: bool,
) -> tuple[int, float, float]:
    """Collects candidates and evidence into the scratch.

    Args:
        sources: See `online.ranking.sources`; what its scratch held is overwritten.
        factors: [decays] what turns stored sums into values at the time of the list, see `Statistics.decays`.
        query: The user.
        liked: [dim] what the user is looked to like, see `online.fusion.taste`; [0] where nothing is learned.
        blocked: [b] rows that may not be in the list; -1 is skipped.
        wanted: [w] rows that are candidates whatever the graphs say.
        hidden_since_s: What the user had at this time or later may not be in the list either.
        servable: [capacity] which rows may be in any list.
        hurried: Whether fewer candidates have to do.

    Returns:
        How many candidates there are; how much of the history the graph knows, from 0 to 1; and the share of
        the stream's events that are repeats.
    """
    scratch, share = sources.scratch, HURRIED_SHARE if hurried else 1.0
    for i in range(len(blocked)):
        if blocked[i] >= 0:
            look_at(scratch, blocked[i], BLOCKED)
    for i in range(len(wanted)):
        look_at(scratch, wanted[i], WANTED)
    _look_at_had(scratch, query, hidden_since_s)
    weights = _lags(query.history_s, (GRAPH_LAG, LAST_LAG, FEW_LAG, WIDE_LAG))
    known = _walk_graph(scratch, sources.graph, query, weights, factors[GRAPH_NOW])
    weights = _lags(query.history_s, (FORWARD_LAG, LAST_LAG))
    _walk(scratch, sources.forward, query, weights, factors[FORWARD_NOW], FORWARD_SUM)
    weights = _lags(query.history_s, (SHORT_LAG, SHORT_LAG))[:1]
    _walk(scratch, sources.short, query, weights, factors[SHORT_NOW], SHORT_SUM)
    want_top(scratch, sources.recent, share)
    want_top(scratch, sources.first_time, share)
    want_rising(scratch, sources.hourly, sources.all_time, factors[HOURLY_NOW], share)
    profile = want_alike(scratch, sources.vectors, query, liked, servable, share, known < THIN)
    count = select(sources, factors, query, profile, liked, servable, share)
    clear(scratch)
    return count, known, overall_share(sources.repeats, factors[REPEATS_NOW])


@njit(cache=True)
def _look_at_had(scratch: Scratch, query: Query, hidden_since_s: float) -> None:
    """Notes how often and when the user had each item; one in the open set is there twice."""
    for i in range(len(query.had)):
        if query.had[i] < 0:
            continue
        place = look_at(scratch, query.had[i], BLOCKED if query.last_s[i] >= hidden_since_s else 0)
        sums = scratch.sums[place]
        since_had = np.float32(max(0.0, query.now_s - query.last_s[i]) / DAY_S)
        since_first = np.float32(max(0.0, query.now_s - query.first_s[i]) / DAY_S)
        if sums[TIMES_SUM] > 0:
            since_had = min(since_had, sums[SINCE_HAD_DAYS])
            since_first = max(since_first, sums[SINCE_FIRST_DAYS])
        sums[SINCE_HAD_DAYS], sums[SINCE_FIRST_DAYS] = since_had, since_first
        sums[FREQUENCY_SUM] += query.frequency[i]
        sums[TIMES_SUM] += query.times[i]


@njit(cache=True)
def _lags(history_s: NDArray[np.int64], lags: tuple[LagDecay, ...]) -> Floats:
    """[lags, h] the weights of each, zero where a lag looks no further."""
    weights = np.zeros((len(lags), len(history_s)), np.float32)
    for row in range(len(lags)):
        found = lag_weights(history_s, lags[row])
        weights[row, : len(found)] = found
    return weights


@njit(cache=True)
def _walk_graph(scratch: Scratch, edges: Edges, query: Query, weights: Floats, factor: float) -> float:
    """Walks the symmetric graph, and notes which entry said most of each row.

    Returns:
        How much of the history, by its weights, the graph knows: mass / (mass + prior) of each entry.
    """
    _walk(scratch, edges, query, weights, factor, GRAPH_SUM)
    known, total = 0.0, 0.0
    for j in range(len(query.history)):
        total += weights[0, j]
        if query.history[j] >= 0:
            mass = edges.mass[query.history[j]] * factor
            known += weights[0, j] * mass / (mass + NORM_PRIOR)
    return known / total if total > 0 else 0.0


@njit(cache=True)
def _walk(scratch: Scratch, edges: Edges, query: Query, weights: Floats, factor: float, column: int) -> None:
    """Adds the history's edges to the sums, by each row of weights to the next column, from `column` on."""
    neighbours, edge_weights, sizes = edges.neighbours, edges.weights, edges.sizes
    slots, sums, because = scratch.slots, scratch.sums, scratch.because
    kinds = len(weights)
    scales = np.zeros(kinds, np.float32)
    for j in range(len(query.history)):
        item = query.history[j]
        if item < 0 or not np.any(weights[:, j]):
            continue
        for kind in range(kinds):
            scales[kind] = edge_scale(edges, item, weights[kind, j], factor)
        for slot in range(sizes[item]):
            target = neighbours[item, slot]
            mark = slots[target]
            if mark == 0:
                mark = new_place(scratch, target)
            weight = edge_weights[item, slot]
            for kind in range(kinds):
                sums[mark - 1, column + kind] += scales[kind] * weight
            part = scales[0] * weight
            if column == GRAPH_SUM:
                sums[mark - 1, LINKS_SUM] += 1
                if part > sums[mark - 1, PART_SUM]:
                    sums[mark - 1, PART_SUM] = part
                    because[mark - 1] = j
