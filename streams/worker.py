"""One worker process of one role: its app, its agents, and what runs beside them."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Literal, cast

import faust
import uvloop
from confluent_kafka.admin import AdminClient
from threadpoolctl import threadpool_limits

from online.fold import ExampleFold
from online.recommender import Recommender, RecommenderConfig
from online.warm_up import compile_kernels
from streams import (
    embeddings_to_search,
    erasures_to_receipts,
    examples_to_model,
    interactions_to_lists,
    media_to_items,
    metrics,
    queries_to_vectors,
    requests_to_responses,
    vectors_to_responses,
)
from streams.access import ensure_access
from streams.answers import Answers
from streams.app import make_app
from streams.device_metrics import watch_devices
from streams.discovery import announce
from streams.encoding.backlog import Backlog
from streams.encoding.embedder import Embedder
from streams.encoding.files import FileEncoding
from streams.encoding.rows import RowMaker
from streams.encoding.spaces import load_spaces
from streams.fetching.fetch import Fetcher
from streams.header_names import read_any_names
from streams.holders import Holders, Stores
from streams.identity import LogIdentity
from streams.item_changes import ItemChanges
from streams.items_to_lists import ItemsToLists
from streams.kafka import admin_client
from streams.learned_fusion import LearnedFusion
from streams.learned_ranking import new_ranking
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.model_to_lists import ModelToLists
from streams.newcomers import Newcomers
from streams.ownership import Owned, Ownership
from streams.producer import BatchProducer
from streams.quiet_log import QuietLog
from streams.runs import FetchConsumer
from streams.settings import Settings
from streams.stores.documents import DocumentStore
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.succession import watch_epochs
from streams.topics import await_leaders, ensure, full_name
from streams.watchdog import watch_group

logger = logging.getLogger(__name__)

Role = Literal["encode", "learn", "recommend"]
ROLES: tuple[Role, ...] = ("encode", "learn", "recommend")


@dataclass
class Worker:
    """What every role has."""

    settings: Settings
    admin: AdminClient
    app: faust.App
    producer: BatchProducer
    liveness: Liveness
    failed: "asyncio.Future[None]"
    """Fails when something runs aground; the process then ends and its supervisor starts another."""
    beside: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    """Coroutines that run for ever beside the agents."""
    ownership: Ownership | None = None
    holds: Stores = field(default_factory=dict)
    """By store, whether it holds anything of a user."""
    holds_items: Stores = field(default_factory=dict)
    """By store, whether it holds anything of an item that its deletion should have removed."""

    def fail(self, exc: BaseException) -> None:
        """Ends the worker with this error."""
        if not self.failed.done():
            self.failed.set_exception(exc)

    def owns(self, base: str, owned: Owned, finish: Callable[[], Awaitable[None]]) -> None:
        """Loads what belongs to the partitions of a topic whenever they are assigned."""
        self.ownership = Ownership(self.app, full_name(self.settings, base), owned, finish, self.fail)


def new_recommender(settings: Settings) -> Recommender:
    """An empty recommender with the deployment's settings."""
    return Recommender(
        RecommenderConfig(
            repeats=settings.repeats,
            again_after_days=settings.again_after_days,
            capacity=settings.item_capacity,
            teach_again_after_days=settings.teach_again_after_days,
        )
    )


async def recommend(w: Worker) -> None:
    """Interactions → lists, requests and queries → responses; keeps up with examples, items and the model."""
    # A list's matrices are small: more threads would only wait for one another.
    threadpool_limits(1, user_api="blas")
    log = LogIdentity(w.admin, full_name(w.settings, "interactions"))
    recommender = new_recommender(w.settings)
    lists = ListMaker(w.settings, recommender)
    changes = ItemChanges()
    fold = ExampleFold(recommender)
    model = ModelToLists(w.settings, w.admin, lists, fold, changes)
    users, published = UserStore(w.settings), PublishedLists(w.settings)
    worker = interactions_to_lists.InteractionsToLists(
        w.settings, users, lists, published, w.producer, w.liveness, log
    )
    metrics.OLDEST_UNANSWERED.set_function(worker.oldest_unanswered_s)
    items = ItemsToLists(w.settings, users, lists, published, changes, w.producer, w.liveness)
    newcomers = Newcomers(users, lists, published, changes, w.producer, w.liveness)
    metrics.QUEUE.labels(queue="item_changes").set_function(changes.waiting)
    answers = Answers(lists)
    responder = requests_to_responses.RequestsToResponses(w.settings, users, answers, w.producer, w.liveness)
    forgetter = erasures_to_receipts.ErasuresToReceipts(
        w.settings,
        w.admin,
        users,
        published,
        w.producer,
        w.liveness,
        (LogIdentity(w.admin, full_name(w.settings, "erasures")), log),
    )
    searcher = vectors_to_responses.VectorsToResponses(w.settings, answers, w.producer, w.liveness)
    searched = embeddings_to_search.EmbeddingsToSearch(w.settings, recommender)
    interactions_to_lists.connect(w.app, w.settings, worker, w.fail)
    erasures_to_receipts.connect(w.app, w.settings, forgetter, w.fail)
    requests_to_responses.connect(w.app, w.settings, responder, w.fail)
    vectors_to_responses.connect(w.app, w.settings, searcher, w.fail)
    w.owns("interactions", users, worker.finish)
    w.holds = {
        "users": users.holds,
        "stubs": users.stubs.__contains__,
        "recommendations": published.holds,
        "open_examples": model.holds,
    }
    w.holds_items = model.holders_of_items() | {"recommendations": published.lists, "search": searched.holds}
    # Before the first partition is asked for, so that the first list already knows what there is.
    await model.load()
    await searched.load()
    w.beside += [
        model.follow(),
        searched.follow(),
        worker.watch_overwritten(),
        items.run(),
        newcomers.run(),
        QuietLog(w.settings, fold, w.producer, w.liveness).watch(),
        forgetter.watch_stubs(),
        _measure(users, published, model),
        _measure_lists(worker, recommender),
    ]


async def encode(w: Worker) -> None:
    """Media → items and embeddings; queries → their vectors."""
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


async def learn(w: Worker) -> None:
    """Examples → model; one learns, the others stand by."""
    # Its matrices are small: more threads would only wait for one another.
    threadpool_limits(1, user_api="blas")
    fusion = None
    if w.settings.fusion != "fixed":
        import torch  # noqa: PLC0415  # who learns no fusion should not wait for it

        from online.fusion.learner import FusionConfig, FusionLearner  # noqa: PLC0415  # as above

        torch.set_num_threads(1)
        config = FusionConfig(kind=w.settings.fusion, capacity=w.settings.item_capacity)
        fusion = LearnedFusion(FusionLearner(config))
    worker = examples_to_model.ExamplesToModel(
        w.settings,
        w.admin,
        lambda: ExampleFold(new_recommender(w.settings)),
        new_ranking(w.settings),
        w.producer,
        w.liveness,
        fusion,
    )
    examples_to_model.connect(w.app, w.settings, worker, w.fail)
    w.owns("examples", worker, worker.finish)
    w.holds = worker.holders()
    w.holds_items = worker.holders_of_items()
    w.beside += [
        worker.publish_regularly(),
        worker.follow_embeddings(),
        watch_epochs(w.settings, lambda: worker.epoch),
    ]


_SET_UP: dict[Role, Callable[[Worker], Coroutine[Any, Any, None]]] = {
    "encode": encode,
    "learn": learn,
    "recommend": recommend,
}


async def _measure_lists(worker: interactions_to_lists.InteractionsToLists, recommender: Recommender) -> None:
    while True:
        await asyncio.sleep(10.0)
        found = worker.recent.quality(recommender)
        if found is not None:
            metrics.LIST_COVERAGE.set(found.coverage_ratio)
            metrics.LIST_NOVELTY.set(found.novelty_bits)
            metrics.LIST_DIVERSITY.set(found.diversity_ratio)


async def _measure(users: UserStore, published: PublishedLists, model: ModelToLists) -> None:
    while True:
        await asyncio.sleep(2.0)
        metrics.USERS.set(users.count())
        metrics.USER_STATE_BYTES.set(users.size_bytes)
        metrics.LIST_BYTES.set(published.size_bytes)
        model.measure()


async def _serve(role: Role, settings: Settings, admin: AdminClient, port: int, holders: Holders) -> None:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    liveness = Liveness(settings.session_timeout_s / 2)
    producer = BatchProducer(settings, liveness.check)
    worker = Worker(settings, admin, make_app(settings, role), producer, liveness, loop.create_future())
    stopped = asyncio.create_task(stopping.wait())
    set_up = asyncio.create_task(_SET_UP[role](worker))
    # Importing and loading a large encoder takes seconds; SIGTERM must not wait for it.
    await asyncio.wait({set_up, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopping.is_set():
        os._exit(0)
    await set_up
    worker.beside += [liveness.watch(), watch_group(settings, role), watch_devices()]
    metrics.QUEUE.labels(queue="producer").set_function(producer.waiting)
    # Hundreds of thousands of objects that stay, most of them the libraries': looking through them all for cycles,
    # as the collector would again and again, holds lists up for a third of a second.
    gc.collect()
    gc.freeze()
    await worker.app.start()
    holders.start(role, worker.holds, worker.holds_items)
    metrics.QUEUE.labels(queue="fetched").set_function(cast(FetchConsumer, worker.app.consumer).waiting_count)
    with announce(settings, role, port):
        await _run_until_stopped(worker, stopping)


async def _run_until_stopped(worker: Worker, stopping: asyncio.Event) -> None:
    beside = [asyncio.create_task(coroutine) for coroutine in worker.beside]
    crash = asyncio.create_task(worker.app.wait_until_stopped())
    stop = asyncio.create_task(stopping.wait())
    ends: set[asyncio.Future[Any]] = {*beside, crash, stop, worker.failed}
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
        if worker.app.crash_reason is not None:
            raise worker.app.crash_reason
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if worker.ownership is not None:
            await worker.ownership.let_go()
        cast(FetchConsumer, worker.app.consumer).leave_at_stop()
        await asyncio.wait_for(worker.app.stop(), worker.settings.session_timeout_s)
        await worker.producer.close()


def run(role: Role, settings: Settings) -> None:
    """Runs one worker until SIGTERM, SIGINT or an error.

    Raises:
        KafkaUnavailableError: No broker answers.
        AccessDeniedError: The cluster does not let this client in, or not do what the role needs.
        TopicsError: Topics are missing or wrong.
        OSError: The metrics port is in use, or a folder cannot be written.
    """
    admin = admin_client(settings)
    ensure_access(admin, settings, role)
    ensure(admin, settings)
    await_leaders(admin, settings)
    holders = Holders()
    port = metrics.serve(settings.metrics_host, settings.metrics_port, holders.around)
    if role in ("learn", "recommend"):
        compile_kernels()
    read_any_names()
    metrics.BUILD.info({"version": version("freshet"), "role": role, "worker": str(os.getpid())})
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(role, settings, admin, port, holders))
