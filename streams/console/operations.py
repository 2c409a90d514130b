"""What can be asked, in one table: it makes the routes as well as /openapi.json."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from streams.console.acting import InteractionEndpoints
from streams.console.asked import (
    Accepted,
    Found,
    Health,
    History,
    Page,
    SimilarPage,
    TextPage,
    TrendingPage,
    UserList,
    Users,
    Whom,
)
from streams.console.catalogue import ItemEndpoints
from streams.console.now import Now, Quality
from streams.console.users import UserEndpoints
from streams.console.watching import WatchEndpoints
from streams.events import Interaction, ItemDocument

Form = Literal["json", "events", "picture"]


class Operation(NamedTuple):
    """One thing that can be asked."""

    method: Literal["GET", "POST"]
    path: str
    """With `{user_id}` and the like for ids, which may contain slashes."""
    endpoint: Callable[[Request], Awaitable[Response]]
    """Its docstring says what the answer is."""
    answer: Any
    """The type of the answer, or of each event of a stream; None for a picture."""
    query: type[Any] | None = None
    """The struct of the address's parameters."""
    body: type[Any] | Literal["file"] | None = None
    """The struct of the body in JSON, or a form with a file."""
    form: Form = "json"
    status: int = 200
    problems: tuple[int, ...] = ()
    """Statuses beside those that everything has."""


def operations(
    watch: WatchEndpoints, users: UserEndpoints, items: ItemEndpoints, acting: InteractionEndpoints
) -> Sequence[Operation]:
    """The table. Of paths that fit the same address the first one counts."""
    asks = (422, 504)
    return [
        Operation("GET", "/health", watch.health, Health, problems=(503,)),
        Operation("GET", "/status", watch.status, Now),
        Operation("GET", "/status/stream", watch.stream, Now, form="events"),
        Operation("GET", "/quality", watch.quality, Quality),
        Operation("GET", "/users", users.find, Users, Whom, problems=(422,)),
        Operation("GET", "/users/{user_id}/list", users.list, UserList, problems=(404, 422)),
        Operation(
            "GET", "/users/{user_id}/list/stream", users.stream, UserList, form="events", problems=(422,)
        ),
        Operation("GET", "/users/{user_id}/history", users.history, History, problems=(404, 422)),
        Operation(
            "GET", "/items/{item_id}/similar", items.similar, Found, SimilarPage, problems=(404, *asks)
        ),
        Operation(
            "GET", "/items/{item_id}/picture", items.picture, None, form="picture", problems=(404, 422, 502)
        ),
        Operation("GET", "/items/{item_id}", items.item, ItemDocument, problems=(404, 422)),
        Operation("GET", "/trending", items.trending, Found, TrendingPage, problems=asks),
        Operation("GET", "/search", items.search, Found, TextPage, problems=asks),
        Operation(
            "POST", "/search", items.search_by_file, Found, Page, "file", problems=(400, 411, 413, *asks)
        ),
        Operation(
            "POST", "/interactions", acting.act, Accepted, None, Interaction, status=202, problems=(413, 422)
        ),
    ]
