"""The console without Kafka: topics in memory, workers that answer as told, and a browser's requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
from confluent_kafka.admin import AdminClient
from starlette.applications import Starlette
from starlette.testclient import TestClient

from streams.console.access import Gate
from streams.console.acting import InteractionEndpoints
from streams.console.app import application
from streams.console.askers import Askers
from streams.console.catalogue import ItemEndpoints
from streams.console.operations import Operation, operations
from streams.console.pictures import Pictures
from streams.console.places import Newest
from streams.console.river import COMPACTED, River
from streams.console.users import UserEndpoints
from streams.console.watching import WatchEndpoints
from streams.events import Cause, Interaction, ListItem, Reason, Recommendation, Request, Response, Through
from streams.fetching.fetch import Fetcher
from streams.follower import Record
from streams.pseudonyms import Pseudonyms
from streams.settings import Settings

TOKEN = "a token of sufficient length"
HOST = "127.0.0.1:8642"
COOKIE = "freshet-8642"
NOWHERE = "127.0.0.1:1"
"""No Kafka is there, and none is asked."""


class Served:
    """An application, and what lies in its topics."""

    def __init__(self, folder: Path, names: Pseudonyms | None = None) -> None:
        self.settings = Settings(kafka=NOWHERE, home=folder, media_folder=folder)
        self.names = names or Pseudonyms()
        self._records: dict[str, list[Record]] = {base: [] for base in (*COMPACTED, "model", "interactions")}
        newest = {base: Newest(self._reader(base)) for base in COMPACTED}
        self.river = River(cast(AdminClient, None), self.settings, {}, newest)
        self.answers: dict[str, Response] = {}
        """By kind of request: what the workers answer; without one they are silent."""
        self.asked: list[Request] = []
        self.produced: list[Interaction] = []
        pictures = Pictures(Fetcher(self.settings))
        askers = _Askers(self)
        self.table: list[Operation] = list(
            operations(
                WatchEndpoints(self.river),
                UserEndpoints(self.river, self.names),
                ItemEndpoints(self.river, askers, pictures),
                _Interactions(self),
            )
        )
        gate = Gate(TOKEN, {"127.0.0.1", "localhost"}, any_address=False, cookie=COOKIE)
        self.app = application(self.table, gate, _nothing)
        self.client = self.browser({"authorization": f"Bearer {TOKEN}"})

    def browser(self, headers: dict[str, str]) -> TestClient:
        """Somebody who asks."""
        return TestClient(
            self.app, f"http://{HOST}", headers=headers, follow_redirects=False, raise_server_exceptions=False
        )

    def put(self, base: str, key: str, value: Any, timestamp_ms: int = 1_700_000_000_000) -> None:  # noqa: ANN401  # JSON or bytes
        """A record as it lies in a topic when the console starts."""
        data = value if value is None or isinstance(value, bytes) else msgspec.json.encode(value)
        lying = self._records[base]
        record = Record(0, len(lying), key.encode(), data, timestamp_ms, {})
        lying.append(record)
        takes = {name: take for name, take, _ in self.river.kept()}
        takes[base](record)

    def _reader(self, base: str) -> Any:  # noqa: ANN401  # a function
        return lambda partition, offset: self._records[base][offset]


class _Askers(Askers):
    """Workers that answer as told."""

    def __init__(self, served: Served) -> None:
        super().__init__(served.settings, served.names, served.river.briefs)
        self._served = served

    async def ask(self, request: Request) -> Response:
        self._served.asked.append(request)
        return self._served.answers[request.kind]


class _Interactions(InteractionEndpoints):
    """Takes events and writes none."""

    def __init__(self, served: Served) -> None:
        super().__init__(served.settings, served.names, 12)
        self._served = served

    def produce(self, event: Interaction) -> Any:  # noqa: ANN401  # confluent's message
        self._served.produced.append(event)
        return _Message()


class _Message:
    """What Kafka acknowledged."""

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 41

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_700_000_000_123


def recommendation(user_id: str, *item_ids: str) -> Recommendation:
    """A list with these items, each because of the first one."""
    reasons = [Reason("because_of_item", item_ids[0], "text", 1.0)]
    items = [
        ListItem(item, rank, 1.0 / rank, None, "content", reasons) for rank, item in enumerate(item_ids, 1)
    ]
    cause = Cause("interaction", "e", "interactions", 0, 7, 1_699_999_999_980)
    return Recommendation(user_id, "l", 1_700_000_000_000, 3, cause, Through(0, 7, 0), "default", items)


def response(*item_ids: str, error: str | None = None) -> Response:
    """An answer of the workers."""
    return Response("r", recommendation("u", *item_ids).items if item_ids else [], 1, 3, error)


@asynccontextmanager
async def _nothing(_app: Starlette) -> AsyncIterator[None]:
    yield
