"""Media → items and embeddings; queries → their vectors."""

import asyncio

from streams import media_to_items, metrics, queries_to_vectors
from streams.encoding.backlog import Backlog
from streams.encoding.embedder import Embedder
from streams.encoding.files import FileEncoding
from streams.encoding.rows import RowMaker
from streams.encoding.spaces import load_spaces
from streams.fetching.fetch import Fetcher
from streams.fetching.files import check_folder
from streams.identity import LogIdentity
from streams.roles.worker import Worker
from streams.stores.documents import DocumentStore
from streams.topics import full_name


async def set_up(w: Worker) -> None:
    """Makes what the worker consists of."""
    check_folder(w.settings.media_folder)
    log = LogIdentity(w.admin, full_name(w.settings, "media"))
    store = DocumentStore(w.settings)
    spaces = await asyncio.to_thread(load_spaces, w.settings)
    maker = RowMaker(spaces)
    # While a quarter is in the network, the others are fetched and decoded.
    embedder = Embedder(spaces, max(1, min(w.settings.encode_batch_items, w.settings.files_at_once // 4)))
    metrics.QUEUE.labels(queue="networks").set_function(embedder.waiting)
    worker = media_to_items.MediaToItems(w.settings, store, maker, embedder, w.producer, w.liveness, log)
    fetcher = Fetcher(w.settings)
    files = FileEncoding(spaces, fetcher, embedder)
    backlog = Backlog(w.settings, store, maker, files, worker.refresh)
    worker.on_missing = backlog.add
    queries = queries_to_vectors.QueriesToVectors(w.settings, spaces, embedder, files, w.producer, w.liveness)
    media_to_items.connect(w.app, w.settings, worker, backlog.room, w.fail)
    queries_to_vectors.connect(w.app, w.settings, queries, w.fail)
    w.owns("media", store, worker.finish)
    w.holds_items = {"documents": store.holds, "embeddings": lambda item_id: bool(store.embedded(item_id))}
    w.beside.append(_encode_files(backlog, fetcher))


async def _encode_files(backlog: Backlog, fetcher: Fetcher) -> None:
    try:
        await backlog.run()
    finally:
        await fetcher.aclose()
