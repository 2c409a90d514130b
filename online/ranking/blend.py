"""A fixed blend of the sources: what ranks until a network has learned to, and what the network starts from."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.ranking.evidence import BLEND, CONTENT, FIRST_TIME, FORWARD, FREQUENCY, GRAPH, RECENT, REPEAT
from online.statistics.base import Floats, Rows

SOURCES = ("graph", "sequence", "content", "repeat", "trending")
"""What a score is a sum of, in the order of the parts' columns."""
FROM_GRAPH, FROM_SEQUENCE, FROM_CONTENT, FROM_REPEAT, FROM_TRENDING = range(5)

FORWARD_WEIGHT = 0.1
"""Of the forward graph beside the symmetric one."""
GRAPH_FLOOR = 0.01
"""Added to both graphs' evidence for an item the user had, which may come again without any."""
NEW_WEIGHT = 0.2
"""Of what is new to the user beside what comes again: spread over far more items than a list holds, and by evidence
that is far too sure of its first ones. With 1 instead, groceries lose .02 HR@10; below .2 nothing changes."""
CONTENT_POWER = 8.0
"""Of the cosine: a candidate has to be very near to count."""
MOST_KNOWN = 0.95
"""The rest of what is new to the user always comes from content and trends."""
CONTENT_SHARE = 0.8
"""Of that rest, where any candidate has content in common with the history; trends have what is left."""


@njit(cache=True)
def mixture(evidence: Floats, repeat_share: float, known: float) -> Floats:
    """Notes every candidate's score in the column BLEND; returns its parts, whose sum it is: [n, len(SOURCES)].

    A mixture of guesses at what the user has next, each a distribution over the candidates. With r the share of events
    that repeat, n = (1 - r) * NEW_WEIGHT where the user had anything that may come again and 1 otherwise, known the
    graph's knowledge of the history (times MOST_KNOWN), and each bracket divided by its sum over all candidates:

        score(y) = r                                     [frequency * repeat share of y * near]
                 + n *      known                        [graph + FORWARD_WEIGHT * forward]
                 + n * (1 - known) *      CONTENT_SHARE  [cosine ** CONTENT_POWER]
                 + n * (1 - known) * (1 - CONTENT_SHARE) [first-time popularity]

    near = (graph + GRAPH_FLOOR) ** .5 * (forward + GRAPH_FLOOR) ** .25

    The first bracket is over what the user had, the others over what is new to the user. On a stream without
    repeats r and every repeat share go to zero, and with them what the user had. A bracket without candidates
    leaves its weight to the others. A user without history gets recent popularity as the last bracket.

    Args:
        evidence: [n, COLUMNS], see `online.ranking.evidence`.
        repeat_share: Share of the stream's events that are repeats, 0 to 1.
        known: How much of the user's history the graph knows, 0 to 1.
    """
    parts = np.zeros((len(evidence), len(SOURCES)), np.float32)
    totals = np.zeros(len(SOURCES))
    trend = FIRST_TIME if known > 0 else RECENT
    for i in range(len(evidence)):
        graph, frequency = evidence[i, GRAPH], evidence[i, FREQUENCY]
        if frequency > 0:
            near = np.sqrt((graph + GRAPH_FLOOR) * np.sqrt(evidence[i, FORWARD] + GRAPH_FLOOR))
            parts[i, FROM_REPEAT] = frequency * evidence[i, REPEAT] * near
            totals[FROM_REPEAT] += parts[i, FROM_REPEAT]
            continue
        parts[i, FROM_GRAPH] = graph
        parts[i, FROM_SEQUENCE] = FORWARD_WEIGHT * evidence[i, FORWARD]
        if evidence[i, CONTENT] > 0:
            parts[i, FROM_CONTENT] = evidence[i, CONTENT] ** CONTENT_POWER
        parts[i, FROM_TRENDING] = evidence[i, trend]
        for source in (FROM_GRAPH, FROM_SEQUENCE, FROM_CONTENT, FROM_TRENDING):
            totals[source] += parts[i, source]
    scales = _scales(totals, repeat_share, known)
    for i in range(len(evidence)):
        score = np.float32(0)
        for source in range(len(SOURCES)):
            parts[i, source] *= scales[source]
            score += parts[i, source]
        evidence[i, BLEND] = score
    return parts


@njit(cache=True)
def _scales(totals: NDArray[np.float64], repeat_share: float, known: float) -> Floats:
    """What to multiply each source's evidence with, so that the brackets of the mixture have their weights."""
    walked = totals[FROM_GRAPH] + totals[FROM_SEQUENCE]
    weights = np.zeros(len(SOURCES))
    new = 1.0
    if totals[FROM_REPEAT] > 0:
        weights[FROM_REPEAT] = repeat_share
        new = (1.0 - repeat_share) * NEW_WEIGHT
    known = known * MOST_KNOWN if walked > 0 else 0.0
    weights[FROM_GRAPH] = weights[FROM_SEQUENCE] = new * known
    content = CONTENT_SHARE if totals[FROM_CONTENT] > 0 else 0.0
    weights[FROM_CONTENT] = new * (1.0 - known) * content
    weights[FROM_TRENDING] = new * (1.0 - known) * (1.0 - content)
    totals[FROM_GRAPH] = totals[FROM_SEQUENCE] = walked
    scales = np.zeros(len(SOURCES), np.float32)
    for source in range(len(SOURCES)):
        if totals[source] > 0:
            scales[source] = weights[source] / totals[source]
    return scales


@njit(cache=True)
def best_places(rows: Rows, scores: Floats, k: int) -> NDArray[np.int64]:
    """Places of the k highest scores, best first, ties by row: insertion into a short sorted list."""
    best = np.empty(k, np.int64)
    size = 0
    for i in range(len(scores)):
        slot = size
        while slot > 0:
            before = best[slot - 1]
            if scores[before] > scores[i] or (scores[before] == scores[i] and rows[before] < rows[i]):
                break
            if slot < k:
                best[slot] = before
            slot -= 1
        if slot < k:
            best[slot] = i
            size = min(size + 1, k)
    return best[:size]
