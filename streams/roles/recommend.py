"""Interactions → lists, requests and queries → responses; keeps up with examples, items and the model."""

import asyncio
import gc

from threadpoolctl import threadpool_limits

from online.fold import ExampleFold
from online.recommender import Recommender
from online.warm_up import compile_kernels
from streams import (
    embeddings_to_search,
    erasures_to_receipts,
    interactions_to_lists,
    metrics,
    requests_to_responses,
    vectors_to_responses,
)
from streams.answers import Answers
from streams.identity import LogIdentity
from streams.item_changes import ItemChanges
from streams.items_to_lists import ItemsToLists
from streams.lists import ListMaker, new_recommender
from streams.model_to_lists import ModelToLists
from streams.newcomers import Newcomers
from streams.quiet_log import QuietLog
from streams.roles.worker import Worker
from streams.stale_lists import StaleLists
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.topics import full_name

NEW_OBJECTS = 50_000
"""How many more there are before the collector looks for cycles among them; Python's own is 700, which a few lists are.
It looked through the states of all users in use once a second: a tenth of the worker's time, and of a second each time.
What is in no cycle is freed at once all the same."""


async def set_up(w: Worker) -> None:
    """Makes what the worker consists of."""
    await asyncio.to_thread(compile_kernels)
    gc.set_threshold(NEW_OBJECTS)
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
    stale = StaleLists(w.settings, users, lists, published, w.producer, w.liveness)
    metrics.QUEUE.labels(queue="item_changes").set_function(changes.waiting)
    metrics.QUEUE.labels(queue="owed_lists").set_function(lambda: len(users.owed))
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
        worker.catch_up(),
        items.run(),
        newcomers.run(),
        stale.run(),
        QuietLog(w.settings, fold, w.producer, w.liveness).watch(),
        forgetter.watch_stubs(),
        _measure(users, published, model),
        _measure_lists(worker, recommender),
    ]


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
