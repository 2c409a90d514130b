"""What a recommend worker answers to a request: lists for users and sessions, items like an item or a query, trends."""

import logging
from collections.abc import Callable, Collection, Sequence

import numpy as np

from online.events import Cursor, Event
from online.item_filter import ItemFilter, Near
from online.modality_index import NOWHERE, nearest
from online.state import HISTORY_LIMIT, UserState
from online.statistics.base import Floats
from streams.clock import now_ms
from streams.events import Filter, ListItem, Reason, Request, Response
from streams.lists import ListMaker, rounded
from streams.logs import Content

logger = logging.getLogger(__name__)


class UnanswerableError(Exception):
    """A well-formed request that has no answer; the message is the reason."""


class Answers:
    """Answers requests with what the worker knows."""

    def __init__(self, lists: ListMaker) -> None:
        self._lists = lists
        self._recommender = lists.recommender
        self._popularity = {
            "day": lists.recommender.statistics.daily,
            "week": lists.recommender.statistics.recent,
            "ever": lists.recommender.statistics.all_time,
        }

    def response(self, request: Request, make: Callable[[], list[ListItem]]) -> Response:
        """The response with the items that `make` returns, or with the error; after the deadline it is not called."""
        items: list[ListItem] = []
        error = too_late(request)
        if error is None:
            try:
                items = make()
            except UnanswerableError as exc:
                error = str(exc)
            except Exception as exc:
                logger.exception("a request has no answer: %s", Content(request.request_id))
                error = f"internal: {type(exc).__name__}: {exc}"
        return Response(request.request_id, items, now_ms(), self._lists.model_version, error)

    def recommend(self, request: Request, state: UserState) -> list[ListItem]:
        """The user's list, or that of the session which the request tells of."""
        wall_ms = now_ms()
        if request.recent_item_ids is not None:
            state = session(request.recent_item_ids, wall_ms)
        wanted = to_filter(request.filter)
        return self._lists.ranked(
            state,
            wall_ms,
            k=request.k,
            exclude=request.exclude,
            skip=request.skip,
            wanted=wanted,
            explores=False,
        )

    def similar(self, request: Request, hidden: Collection[str]) -> list[ListItem]:
        """The items most like the request's item, itself left out.

        Raises:
            UnanswerableError: The item is unknown or deleted, or has no vector that it can be compared by.
        """
        item_id = request.item_id or ""
        row = self._recommender.catalogue.row(item_id)
        if row < 0:
            raise UnanswerableError(self._why_no_vector(item_id, None))
        allowed = self._recommender.allowed(now_ms(), to_filter(request.filter))
        if request.modality is None:
            vectors = self._recommender.statistics.content.vectors
            end = int(vectors.end[0])
            cosines = np.where(
                vectors.present[:end] & allowed[:end], vectors.units[:end] @ vectors.units[row], NOWHERE
            )
            has_vector = bool(vectors.present[row])
        else:
            found = self._recommender.by_modality.vector(row, request.modality)
            has_vector = found is not None
            cosines = np.zeros(0, np.float32)
            if found is not None:
                cosines = self._recommender.by_modality.cosines(request.modality, *found, allowed)
        if not has_vector:
            raise UnanswerableError(self._why_no_vector(item_id, request.modality))
        reason = Reason("because_of_item", item_id, request.modality, 1.0)
        return self._best(request, cosines, (item_id, *hidden), "content", [reason])

    def _why_no_vector(self, item_id: str, modality: str | None) -> str:
        """Why nothing can be compared with an item."""
        catalogue = self._recommender.catalogue
        if catalogue.document(item_id) is None:
            if not catalogue.may_list(item_id, now_ms()):
                return f"item {item_id} is deleted"
            if catalogue.row(item_id) < 0:
                return f"item {item_id} is unknown: nothing was ever heard of it"
            return f"item {item_id} is unknown: events name it, no document describes it"
        if modality is None:
            return f"item {item_id} has no vector yet"
        return f"item {item_id} has no vector of modality {modality}, or FRESHET_SEARCH_MODALITIES leaves that out"

    def search(
        self, request: Request, hidden: Collection[str], modality: str, space: str, vector: Floats
    ) -> list[ListItem]:
        """The items whose vectors of the query's modality are nearest: [dim] of any length, in a space of that name."""
        allowed = self._recommender.allowed(now_ms(), to_filter(request.filter))
        unit = vector / np.linalg.norm(vector)
        cosines = self._recommender.by_modality.cosines(modality, space, unit, allowed)
        return self._best(request, cosines, hidden, "content", [Reason("modality", None, modality, 1.0)])

    def trending(self, request: Request, state: UserState) -> list[ListItem]:
        """What was had most in the window, without what the user may not be shown; scores are shares of all had."""
        end = self._recommender.catalogue.end
        counts = self._popularity[request.window or "week"].arrays.counts[:end]
        allowed = self._recommender.allowed(now_ms(), to_filter(request.filter))[:end]
        scores = np.where(allowed & (counts > 0), counts / max(counts.sum(), 1e-300), NOWHERE)
        return self._best(request, scores, self._recommender.outside(state, ()), "trending", [])

    def _best(
        self,
        request: Request,
        scores: Floats,
        hidden: Collection[str],
        source: str,
        reasons: list[Reason],
    ) -> list[ListItem]:
        """The places of the rows with the best of [n] scores, which are overwritten where a row may not be listed."""
        catalogue = self._recommender.catalogue
        outside = [catalogue.row(item_id) for item_id in (*hidden, *request.exclude)]
        scores[[row for row in outside if 0 <= row < len(scores)]] = NOWHERE
        k = self._lists.length if request.k is None else request.k
        rows = self._unblocked(scores, request.skip + k)[request.skip :]
        return [
            ListItem(catalogue.item_id(row), rank, rounded(float(scores[row]), 1e6), None, source, reasons)
            for rank, row in enumerate(rows, request.skip + 1)
        ]

    def _unblocked(self, scores: Floats, count: int) -> list[int]:
        """The best rows that no rule blocks: looks at more of them as long as there are too few."""
        blocked, item_id, looked_at = (
            self._lists.blocked(now_ms()),
            self._recommender.catalogue.item_id,
            count,
        )
        while True:
            rows = nearest(scores, looked_at).tolist()
            left = [row for row in rows if not blocked(item_id(row))]
            if len(left) >= count or len(rows) < looked_at:
                return left[:count]
            looked_at *= 4


def too_late(request: Request) -> str | None:
    """What to answer after the request's deadline; None before it, or without one."""
    if request.deadline_ms is None or (late_ms := now_ms() - request.deadline_ms) < 0:
        return None
    return (
        f"too late: deadline_ms, milliseconds since the epoch, was {late_ms} ms ago; nothing was looked for"
    )


def session(item_ids: Sequence[str], wall_ms: int) -> UserState:
    """A user who had these items in this order, one a second until now."""
    state = UserState("")
    for number, item_id in enumerate(item_ids[-HISTORY_LIMIT:], 1):
        at_ms = wall_ms - 1000 * (len(item_ids) - number)
        state.apply(Event("", item_id, "click", 1.0, at_ms, number, Cursor("", 0, number, 0)))
    return state


def to_filter(given: Filter | None) -> ItemFilter | None:
    """A request's filter as lists take it."""
    if given is None:
        return None
    near = None if given.near is None else Near(given.near.lat, given.near.lon, given.near.km)
    return ItemFilter(given.category, tuple(given.tags), given.max_price, near, given.new)
