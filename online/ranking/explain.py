"""What a list says of each of its items: the score, where it came from, and why."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numba import njit
from numpy.typing import NDArray

from online.catalogue import Catalogue
from online.events import Past
from online.modality_index import ModalityIndex
from online.ranking.blend import FROM_CONTENT, FROM_GRAPH, FROM_REPEAT, FROM_TRENDING, SOURCES
from online.ranking.candidates import Best, Candidates, chances, shares
from online.ranking.evidence import BECAUSE, FREQUENCY, GRAPH, GRAPH_MOST
from online.ranking.network import Network
from online.statistics.base import Floats, Queries, Rows, query_of
from online.statistics.content import Content
from online.statistics.lags import LagDecay, lag_weights

NO_ENTRY, ITSELF = -1, -2
"""In the place of an entry of a history."""
EXPLORE = "explore"
"""The source of an item that is in the list to find out how good it is."""
NO_MEDIA: Mapping[str, float] = {}


class Reason(msgspec.Struct, frozen=True):
    """One thing that speaks for an item."""

    kind: Literal["because_of_item", "modality", "rule"]
    item_id: str | None
    """The item of the user's history that contributed most; the item itself where the user had it before."""
    modality: str | None
    """By which of its media, where that is known."""
    weight: float
    """Its share of the score, from 0 to 1."""
    rule: str | None = None
    """The name of the rule that gave the item its place."""


class RankedItem(msgspec.Struct, frozen=True):
    """One item of a list."""

    item_id: str
    score: float
    """The chance that the user has it next; a share of all candidates' scores where the blend ranks or with privacy. 0
    for an item that only fills the list up."""
    source: str
    """What contributed most: one of `online.ranking.blend.SOURCES`, EXPLORE, or a rule."""
    reasons: list[Reason]
    propensity: float | None = None
    """The chance with which an item to be explored got its place; None for what is in the list for its score."""


class Why(NamedTuple):
    """What speaks most for each of some items."""

    sources: NDArray[np.int64]
    """[n] among `online.ranking.blend.SOURCES`."""
    entries: NDArray[np.int64]
    """[n] the entry of the user's history that it is because of; ITSELF for the item, that was had; or NO_ENTRY."""
    weights: Floats
    """[n] its share of the score."""


@njit(cache=True)
def why(shares: Floats, evidence: Floats, alike: NDArray[np.int64], alike_shares: Floats) -> Why:
    """Finds it.

    Args:
        shares: [n, len(SOURCES)] what share of each score is owed to each source; all 0 if nothing speaks for an item.
        evidence: [n, COLUMNS]
        alike: [n] the entry of the history that is most alike, -1 if none is.
        alike_shares: [n] its share of the likeness.
    """
    count = len(shares)
    sources, weights = np.empty(count, np.int64), np.empty(count, np.float32)
    entries = np.full(count, NO_ENTRY, np.int64)
    for i in range(count):
        source = sources[i] = np.argmax(shares[i])
        weights[i] = shares[i, source]
        graph = evidence[i, GRAPH]
        if weights[i] <= 0:
            sources[i] = FROM_REPEAT if evidence[i, FREQUENCY] > 0 else FROM_TRENDING
        elif source == FROM_REPEAT:
            entries[i] = ITSELF
        elif source == FROM_CONTENT and alike[i] >= 0:
            entries[i], weights[i] = alike[i], weights[i] * alike_shares[i]
        elif evidence[i, BECAUSE] >= 0 and graph > 0 and shares[i, FROM_GRAPH] * evidence[i, GRAPH_MOST] > 0:
            entries[i] = int(evidence[i, BECAUSE])
            weights[i] = shares[i, FROM_GRAPH] * evidence[i, GRAPH_MOST] / graph
    return Why(sources, entries, weights)


def explain(
    item_id: str,
    score: float,
    source: int,
    entry: int,
    weight: float,
    history: list[Past],
    modalities: Mapping[str, float],
) -> RankedItem:
    """A list's item.

    Args:
        item_id: The item.
        score: See RankedItem.
        source: See Why, like the next two.
        entry: As there.
        weight: As there.
        history: The most recent first.
        modalities: How the likeness to the entry is shared among modalities, where it is for that, and as far as they
            are known one by one.
    """
    if entry == NO_ENTRY:
        return RankedItem(item_id, score, SOURCES[source], [])
    because = item_id if entry == ITSELF else history[entry].item_id
    if not modalities:
        return RankedItem(item_id, score, SOURCES[source], [Reason("because_of_item", because, None, weight)])
    parts = [Reason("because_of_item", because, name, weight * m) for name, m in modalities.items()]
    return RankedItem(item_id, score, SOURCES[source], parts)


@njit(cache=True, fastmath=True)
def most_alike(
    units: Floats, queries: Queries, lag: LagDecay, rows: Rows, lists: NDArray[np.int32]
) -> tuple[NDArray[np.int64], Floats]:
    """Which place in a user's history is most like each row, [n], -1 if none is; its share of all that is alike, [n].

    Args:
        units: [capacity, dim] of unit length, or zero for a row without a vector.
        queries: The users.
        lag: What entries of a history weigh.
        rows: [n]
        lists: [n] which user's list each row is in, the first user's first.
    """
    places, shares = np.full(len(rows), -1, np.int64), np.zeros(len(rows), np.float32)
    user = -1
    for i in range(len(rows)):
        if lists[i] != user:
            user = lists[i]
            query = query_of(queries, user)
            history, weights = query.history, lag_weights(query.history_s, lag)
        most, total = np.float32(0), np.float32(0)
        for place in range(len(weights)):
            if history[place] < 0:
                continue
            cosine = np.float32(0)
            for d in range(units.shape[1]):
                cosine += units[history[place], d] * units[rows[i], d]
            near = max(cosine, np.float32(0)) * weights[place]
            total += near
            if near > most:
                most, places[i] = near, place
        if total > 0:
            shares[i] = most / total
    return places, shares


class Explainer:
    """Finds why for all items of some lists at once."""

    def __init__(self, catalogue: Catalogue, content: Content, by_modality: ModalityIndex) -> None:
        self._catalogue, self._content, self._by_modality = catalogue, content, by_modality

    def explained(
        self,
        found: Candidates,
        chosen: Sequence[Best],
        network: Network | None,
        histories: Sequence[list[Past]],
    ) -> list[list[RankedItem]]:
        """The items of each list.

        Args:
            found: The candidates of [lists] lists.
            chosen: Which of them each list has, best first.
            network: What ranked them; None: the blend.
            histories: Whom each is for: what the user had, the most recent first.
        """
        places = np.concatenate([of_list.places for of_list in chosen])
        rows, lists = found.rows[places], found.lists[places]
        alike = most_alike(self._content.vectors.units, found.queries, self._content.score_lag, rows, lists)
        sources, entries, weights = why(shares(found, network, places), found.evidence[places], *alike)
        modalities: dict[int, Mapping[str, float]] = {}
        for place in np.flatnonzero((sources == FROM_CONTENT) & (alike[0] >= 0)).tolist():
            had = found.queries.history[found.queries.history_starts[lists[place]] + entries[place]]
            modalities[place] = self._by_modality.alike(int(rows[place]), int(had))
        scores = chances(np.concatenate([of_list.scores for of_list in chosen]), network)
        items = zip(
            map(self._catalogue.item_id, rows.tolist()),
            scores.tolist(),
            sources.tolist(),
            entries.tolist(),
            weights.tolist(),
            strict=True,
        )
        explained: list[list[RankedItem]] = [[] for _ in chosen]
        for place, (number, item) in enumerate(zip(lists.tolist(), items, strict=True)):
            of_media = modalities.get(place, NO_MEDIA)
            explained[number].append(explain(*item, histories[number], of_media))
        return explained
