"""A user: the list, the lists that come, and what is remembered of them."""

from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus

import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from online.events import Past
from online.state import UserState
from online.state_codec import unpack
from streams.console.asked import History, PastEvent, Place, UserList, Users, Whom
from streams.console.problems import ApiError
from streams.console.reading import json_response, path_id, query
from streams.console.river import River
from streams.events import Recommendation
from streams.follower import Record
from streams.pseudonyms import Pseudonyms

_decode = msgspec.json.Decoder(Recommendation).decode


class UserEndpoints:
    """Answers about users, from the topics `recommendations` and `users`."""

    def __init__(self, river: River, names: Pseudonyms) -> None:
        self._river = river
        self._names = names

    async def find(self, request: Request) -> Response:
        """Ids of users."""
        whom = query(request, Whom)
        return json_response(Users(self._river.user_ids(whom.contains, whom.limit)))

    async def list(self, request: Request) -> Response:
        """The user's list as it stands."""
        user_id = path_id(request, "user_id")
        record = await self._newest("recommendations", self._names.all_of(user_id))
        if record is None:
            attempt = "send an event of theirs to `interactions`; who is unknown gets a list by `POST /interactions`"
            raise ApiError(HTTPStatus.NOT_FOUND, f"user {user_id} has no list", request.url.path, attempt)
        return json_response(self._answer(record))

    async def stream(self, request: Request) -> Response:
        """The user's list as it stands, if there is one, and every one that comes."""
        return EventSourceResponse(self._lists(self._names.all_of(path_id(request, "user_id"))))

    async def history(self, request: Request) -> Response:
        """What the workers remember of the user."""
        user_id = path_id(request, "user_id")
        names = self._names.all_of(user_id)
        record = await self._newest("users", names)
        if record is None and await self._newest("recommendations", names) is None:
            attempt = "send an event of theirs to `interactions`"
            raise ApiError(HTTPStatus.NOT_FOUND, f"user {user_id} is unknown", request.url.path, attempt)
        # A first list is there a moment before the first state.
        state = UserState(user_id) if record is None else unpack(record.value or b"")
        past = [_past(entry) for entry in reversed([*state.history, *state.open])]
        hidden = list(state.hidden)
        items = self._river.briefs.of([*(event.item_id for event in past), *hidden])
        return json_response(History(user_id, past, hidden, items))

    async def _newest(self, base: str, names: Sequence[str]) -> Record | None:
        """The user's newest record, by the first name that has one."""
        for name in names:
            if (record := await self._river.newest(base, name)) is not None:
                return record
        return None

    async def _lists(self, names: Sequence[str]) -> AsyncIterator[ServerSentEvent]:
        with self._river.subscribers.of(names) as queue:
            # A user whose first list is yet to come is waited for.
            standing = await self._newest("recommendations", names)
            if standing is not None:
                yield self._event(standing)
            while True:
                record = await queue.get()
                # While that one was read, older ones may have come that it stands for.
                if standing is None or not _is_in(record, standing):
                    yield self._event(record)

    def _event(self, record: Record) -> ServerSentEvent:
        if record.value is None:
            return ServerSentEvent(event="gone", data="{}")
        return ServerSentEvent(event="list", data=msgspec.json.encode(self._answer(record)).decode())

    def _answer(self, record: Record) -> UserList:
        recommendation = _decode(record.value or b"")
        shown = [place.item_id for place in recommendation.items]
        shown += [r.item_id for place in recommendation.items for r in place.reasons if r.item_id is not None]
        place = Place(record.partition, record.offset, record.timestamp_ms)
        return UserList(recommendation, place, self._river.briefs.of(shown))


def _is_in(record: Record, later: Record) -> bool:
    return record.partition == later.partition and record.offset <= later.offset


def _past(entry: Past) -> PastEvent:
    return PastEvent(entry.item_id, entry.action, entry.timestamp_s * 1000, entry.value)
