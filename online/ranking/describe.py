"""The evidence of every candidate: what each source and statistic says of it."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking import evidence as e
from online.ranking.sources import Sources
from online.recommender_config import DAY_S
from online.statistics.base import Floats, Query, Rows
from online.statistics.content import COLD_BELOW, Vectors, cosine, profile_of
from online.statistics.folding import (
    ALL_TIME_NOW,
    BY_LENGTH_NOW,
    DAILY_NOW,
    FIRST_TIME_NOW,
    HOURLY_NOW,
    RECENT_NOW,
    REPEATS_NOW,
)
from online.statistics.lags import LagDecay, lag_weights
from online.statistics.popularity_by_length import stage_of
from online.statistics.ratings import mean_rating
from online.statistics.repeats import category_share, repeat_share
from online.statistics.rhythm import log_hours, usual_gap

LATELY = LagDecay(16, 0.8)
USUAL_SHARE = 1e-3
"""Added to a label's share of what everybody had: a rare label is no proof of taste."""
SUMMED = (
    (e.GRAPH, e.GRAPH_SUM), (e.GRAPH_LAST, e.LAST_SUM), (e.GRAPH_FEW, e.FEW_SUM), (e.GRAPH_WIDE, e.WIDE_SUM),
    (e.SHORT, e.SHORT_SUM), (e.FORWARD, e.FORWARD_SUM), (e.FORWARD_LAST, e.FORWARD_LAST_SUM),
    (e.FREQUENCY, e.FREQUENCY_SUM), (e.TIMES, e.TIMES_SUM), (e.SINCE_HAD, e.SINCE_HAD_DAYS),
    (e.SINCE_FIRST, e.SINCE_FIRST_DAYS), (e.GRAPH_MOST, e.PART_SUM), (e.LINKS, e.LINKS_SUM),
)  # fmt: skip
"""Columns of the evidence that are sums by place."""


@njit(cache=True)
def describe(
    sources: Sources, factors: NDArray[np.float64], query: Query, profile: Floats, liked: Floats
) -> int:
    """Copies the wanted rows of the scratch into its rows and evidence, and completes the evidence.

    Returns:
        How many there are.
    """
    scratch = sources.scratch
    rows, evidence, sums = scratch.rows, scratch.evidence, scratch.sums
    count = 0
    for place in range(scratch.size[0]):
        if scratch.flags[place] & e.BLOCKED or not scratch.flags[place] & e.WANTED:
            continue
        if count == e.CANDIDATE_LIMIT:
            break
        rows[count] = scratch.looked_at[place]
        for column, summed in SUMMED:
            evidence[count, column] = sums[place, summed]
        evidence[count, e.BECAUSE] = scratch.because[place]
        count += 1
    _popularity(sources, factors, query, rows[:count], evidence)
    _rhythm(sources, factors, query, rows[:count], evidence)
    _content(sources, query, profile, liked, rows[:count], evidence)
    _categories(sources, factors, query, rows[:count], evidence)
    return count


@njit(cache=True)
def _popularity(
    sources: Sources, factors: NDArray[np.float64], query: Query, rows: Rows, evidence: Floats
) -> None:
    # Taken out of `sources` once: each look into it counts references, which would cost more than the rest.
    recent, daily, hourly = sources.recent.counts, sources.daily.counts, sources.hourly.counts
    all_time, first_time = sources.all_time.counts, sources.first_time.counts
    by_length, ratings = sources.by_length.counts, sources.ratings
    first_s, last_s = sources.ages.first_s, sources.ages.last_s
    stage = stage_of(len(query.history))
    for i in range(len(rows)):
        row = rows[i]
        evidence[i, e.RECENT] = recent[row] * factors[RECENT_NOW]
        evidence[i, e.DAILY] = daily[row] * factors[DAILY_NOW]
        evidence[i, e.HOURLY] = hourly[row] * factors[HOURLY_NOW]
        evidence[i, e.ALL_TIME] = all_time[row] * factors[ALL_TIME_NOW]
        evidence[i, e.FIRST_TIME] = first_time[row] * factors[FIRST_TIME_NOW]
        evidence[i, e.BY_LENGTH] = by_length[row, stage] * factors[BY_LENGTH_NOW]
        seen = last_s[row] > 0
        evidence[i, e.AGE] = max(0.0, query.now_s - first_s[row]) / DAY_S if seen else 0.0
        evidence[i, e.IDLE] = max(0.0, query.now_s - last_s[row]) / DAY_S if seen else 0.0
        evidence[i, e.RATING] = mean_rating(ratings, row)


@njit(cache=True)
def _rhythm(
    sources: Sources, factors: NDArray[np.float64], query: Query, rows: Rows, evidence: Floats
) -> None:
    repeats, rhythm = sources.repeats, sources.rhythm
    for i in range(len(rows)):
        times = evidence[i, e.TIMES]
        evidence[i, e.HAD] = 1.0 if times > 0 else 0.0
        evidence[i, e.REPEAT] = repeat_share(repeats, rows[i], factors[REPEATS_NOW])
        evidence[i, e.DUE] = evidence[i, e.OWN_DUE] = 0.0
        if times > 0:
            since = log_hours(evidence[i, e.SINCE_HAD] * DAY_S)
            evidence[i, e.DUE] = since - usual_gap(rhythm, rows[i])
        if times > 1:
            usual_days = (evidence[i, e.SINCE_FIRST] - evidence[i, e.SINCE_HAD]) / (times - 1)
            evidence[i, e.OWN_DUE] = since - log_hours(usual_days * DAY_S)


@njit(cache=True)
def _content(
    sources: Sources, query: Query, profile: Floats, liked: Floats, rows: Rows, evidence: Floats
) -> None:
    vectors = sources.vectors
    last = profile[:0]
    if len(profile) > 0:
        last = profile_of(vectors, query.history, lag_weights(query.history_s, LagDecay(1, 1.0)))
    for i in range(len(rows)):
        alike = len(profile) > 0 and vectors.present[rows[i]]
        evidence[i, e.CONTENT] = max(cosine(vectors, rows[i], profile), 0.0) if alike else 0.0
        evidence[i, e.CONTENT_LAST] = max(cosine(vectors, rows[i], last), 0.0) if alike else 0.0
        evidence[i, e.COLD] = 1.0 if vectors.seen[rows[i]] < COLD_BELOW else 0.0
    _taste(vectors, liked, rows, evidence)


@njit(cache=True)
def _taste(vectors: Vectors, liked: Floats, rows: Rows, evidence: Floats) -> None:
    """How much the taste says for each candidate, above the mean of those it can say anything of."""
    evidence[: len(rows), e.TASTE] = 0.0
    total, count = 0.0, 0
    for i in range(len(rows)):
        if len(liked) > 0 and vectors.present[rows[i]]:
            evidence[i, e.TASTE] = cosine(vectors, rows[i], liked)
            total += evidence[i, e.TASTE]
            count += 1
    for i in range(len(rows)):
        if count > 0 and vectors.present[rows[i]]:
            evidence[i, e.TASTE] -= total / count


@njit(cache=True)
def _categories(
    sources: Sources, factors: NDArray[np.float64], query: Query, rows: Rows, evidence: Floats
) -> None:
    """How much of each candidate's category and tags is in what the user had, and in the last of it."""
    slots, sums, repeats = sources.categories.slots, sources.scratch.categories, sources.repeats
    lately = lag_weights(query.history_s, LATELY)
    had_total = _add_labels(sums[:, 0], slots, query.had, query.frequency)
    lately_total = _add_labels(sums[:, 1], slots, query.history[: len(lately)], lately)
    for i in range(len(rows)):
        labels = slots[rows[i]]
        known, had_share, lately_share, had_lift, lately_lift = 0, 0.0, 0.0, 0.0, 0.0
        for label in labels:
            if label > 0:
                known += 1
                had_share += sums[label, 0]
                lately_share += sums[label, 1]
                usual = repeats.categories[label, 0] / max(repeats.total[0], 1e-9) + USUAL_SHARE
                had_lift = max(had_lift, sums[label, 0] / usual)
                lately_lift = max(lately_lift, sums[label, 1] / usual)
        evidence[i, e.CATEGORY] = had_share / (had_total * max(known, 1))
        evidence[i, e.CATEGORY_LAST] = lately_share / (lately_total * max(known, 1))
        evidence[i, e.LABEL] = had_lift / had_total
        evidence[i, e.LABEL_LAST] = lately_lift / lately_total
        evidence[i, e.CATEGORY_REPEAT] = category_share(repeats, labels[0], factors[REPEATS_NOW])
    for looked_at in (query.had, query.history):
        for row in looked_at:
            if row >= 0:
                for label in slots[row]:
                    sums[label] = 0.0


@njit(cache=True)
def _add_labels(sums: Floats, slots: NDArray[np.int32], rows: Rows, weights: Floats) -> float:
    """Adds each row's weight to all of its labels; returns the sum of the weights, above 0."""
    total = 1e-9
    for i in range(len(rows)):
        if rows[i] >= 0:
            total += weights[i]
            for label in slots[rows[i]]:
                if label > 0:
                    sums[label] += weights[i]
    return float(total)
