"""queries → responses: a search that comes back with its vector is answered from the items as they are now."""

from collections.abc import Callable, Iterator, Sequence

import faust
import msgspec

from encoders.projection import unpack_one
from streams import metrics
from streams.answers import Answers, UnanswerableError
from streams.app import add_worker
from streams.events import ListItem
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.queries import SearchQuery, decode_query
from streams.runs import Run
from streams.settings import Settings
from streams.topics import full_name
from streams.turns import deliver_in_turns

_encode = msgspec.json.Encoder().encode


class VectorsToResponses:
    """Answers searches; any worker can, since all of them know all items."""

    def __init__(
        self, settings: Settings, answers: Answers, producer: BatchProducer, liveness: Liveness
    ) -> None:
        self._answers = answers
        self._producer = producer
        self._check = liveness.check
        self._responses = full_name(settings, "responses")
        self._searched = settings.searched

    async def work(self, runs: Sequence[Run]) -> None:
        """Answers what has come back; when it returns every answer is acknowledged."""
        await deliver_in_turns(self._producer, self._answered(runs), self._check)

    def _answered(self, runs: Sequence[Run]) -> Iterator[Outgoing]:
        for record in (record for run in runs for record in run if run.is_current()):
            query = decode_query(record.value or b"")
            if query.row is not None:
                yield self._answer(query)

    def _answer(self, query: SearchQuery) -> Outgoing:
        response = self._answers.response(query.request, lambda: self._items(query))
        return Outgoing(
            self._responses, query.key, _encode(response), query.reply_partition, headers=query.headers
        )

    def _items(self, query: SearchQuery) -> list[ListItem]:
        row = query.row
        if query.modality not in self._searched:
            msg = f"FRESHET_SEARCH_MODALITIES has no {query.modality}: items are not searched by it"
            raise UnanswerableError(msg)
        if row is None or not row.vector:
            msg = f"the query's {query.modality} cannot be encoded: {(row and row.error) or 'nothing in it'}"
            raise UnanswerableError(msg)
        vector = unpack_one(row.vector)
        with metrics.RETRIEVAL_SECONDS.labels(modality=query.modality).time():
            return self._answers.search(query.request, query.hidden, query.modality, row.encoder, vector)


def connect(
    app: faust.App, settings: Settings, worker: VectorsToResponses, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""
    add_worker(app, settings, "queries", "vectors_to_responses", worker.work, fail)
