"""history → users and model: what happened before the stream makes the first model, which the stream goes on from.

It is for a river that has learned nothing yet, while none of its workers runs. What is known of items is what the river
knows of them, documents and vectors, so that ranking and fusion are learned with what they will meet.
"""

from collections.abc import Callable, Iterator
from uuid import uuid4

from confluent_kafka.admin import AdminClient
from msgspec import Struct

from online.evaluation.stream import Stream
from online.evaluation.timeline import timeline
from online.events import ExampleSet
from online.fold import ExampleFold
from online.fusion.learner import FusionLearner
from online.fusion.serving import learn_and_serve
from online.item import Item
from online.recommender import Recommender
from online.saved import as_part
from online.state import UserState
from online.state_codec import pack
from online.warm_start import History, learn_history
from streams.clock import now_ms
from streams.embeddings import decode_embedding, vectors_in
from streams.follower import read_all
from streams.lag import group_lag, inhabited_roles
from streams.learned_fusion import PREFIX as FUSION
from streams.learned_fusion import new_fusion_learner
from streams.learned_ranking import LearnedRanking, new_ranking
from streams.lists import ListMaker, new_recommender
from streams.model_to_lists import ModelToLists
from streams.producer import BatchProducer, Outgoing
from streams.publications import PROGRESS_KEY, Progress, encode_progress
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore
from streams.topics import full_name, home_partition, topic_ids


class NotFirstError(RuntimeError):
    """The river has learned something already, or its workers run; the message says which, and what to do."""


class Trained(Struct):
    """What came of a history."""

    events: int
    users: int
    ranking_steps: int
    is_ranking_served: bool
    """Whether the learned ranking is better than the fixed blend, and ranks the lists."""
    fusion_steps: int
    """Of what makes items' vectors of their media; 0 where that is fixed, or no item has any."""
    snapshot: str


async def train(
    settings: Settings,
    admin: AdminClient,
    stream: Stream,
    limit: int | None,
    seed: int,
    progress: Callable[[int], object],
) -> Trained:
    """Learns a history and hands it over: users' states to `users`, the ranking to `model`, the rest to a snapshot.

    Done again, it replaces what it did before.

    Args:
        settings: Of the workers that are to go on from it.
        admin: To look at groups and topics.
        stream: The history; its documents count where the river has none of an item.
        limit: Only the first so many events.
        seed: Decides the order of equal timestamps, and the ranking's first weights.
        progress: Told the events done.

    Raises:
        NotFirstError: There is something that it would not go together with.
        StoreError: The store cannot be written.
    """
    _check_first(settings, admin)
    store = SnapshotStore(settings)
    store.check()
    fold, ranking = ExampleFold(new_recommender(settings)), new_ranking(settings, seed)
    fusion = new_fusion_learner(settings)
    epoch, version = await _load_items(settings, admin, stream, fold, fusion)
    history = History(stream, timeline(stream, "set", "allow", 0.0, seed, limit), f"history-{uuid4().hex}")

    def home(user_id: str) -> int:
        return home_partition(user_id, settings.partitions)

    def learn(example_set: ExampleSet, recommender: Recommender) -> None:
        ranking.learn(example_set, 0)
        if fusion is not None:
            learn_and_serve(fusion, example_set, recommender)

    states = learn_history(history, fold, learn, home, now_ms(), progress)
    _forget_items(fold.recommender)
    _check_first(settings, admin)
    examples = full_name(settings, "examples")
    manifest = Manifest(
        max(epoch, store.last_epoch()) + 1, version + 1, topic_ids(admin, [examples])[examples], 0
    )
    producer = BatchProducer(settings)
    try:
        await producer.deliver(await _users(settings, states, home), lambda: None)
        saved = fold.save() | ranking.save()
        if fusion is not None:
            saved |= as_part(FUSION, fusion.save())
        snapshot = store.save(manifest, saved)
        ranking.kept()
        await producer.deliver(_model(settings, manifest, fold, ranking, snapshot), lambda: None)
    finally:
        await producer.close()
    return Trained(
        len(history.timeline.users),
        len(states),
        ranking.step_count,
        ranking.is_served,
        0 if fusion is None else fusion.step_count,
        snapshot,
    )


def _check_first(settings: Settings, admin: AdminClient) -> None:
    for role in inhabited_roles(admin, settings):
        if role in {"learn", "recommend"}:
            msg = (
                f"{role} workers are running, which would not take the trained model up; "
                "stop them, train, and start them again"
            )
            raise NotFirstError(msg)
    _, end = group_lag(admin, settings, "learn")["examples", 0]
    if end:
        msg = (
            f"the log {full_name(settings, 'examples')} already holds what happened, {end:,} records, and history "
            "comes before it; train before the first event, or under another FRESHET_TOPIC_PREFIX"
        )
        raise NotFirstError(msg)


async def _load_items(
    settings: Settings, admin: AdminClient, stream: Stream, fold: ExampleFold, fusion: FusionLearner | None
) -> tuple[int, int]:
    """Takes in what is known of items; returns epoch and version of the newest learner."""
    lists = ListMaker(settings, fold.recommender)
    model = ModelToLists(settings, admin, lists, fold)
    try:
        await model.load_items()
    finally:
        model.close()
    for item_id, text in stream.catalogue.items():
        if fold.recommender.catalogue.document(item_id) is None:
            category, *tags = text.categories or ("",)
            fold.recommender.put_item(Item(item_id, text.title, category, tags))
    if fusion is not None:
        newest = {record.key: record.value for record in await read_all(settings, "embeddings")}
        for key, value in newest.items():
            if value is not None:
                fusion.put(key.decode(), vectors_in(decode_embedding(value), model.served))
    return model.epoch, lists.model_version


def _forget_items(recommender: Recommender) -> None:
    """Documents and vectors are in no snapshot: workers have them from their topics, as they are then."""
    for item_id in list(recommender.catalogue.rows):
        recommender.drop_vector(item_id)
    recommender.catalogue.drop_documents()


async def _users(
    settings: Settings, states: list[UserState], home: Callable[[str], int]
) -> Iterator[Outgoing]:
    """Every user's state, and a tombstone for whom only an earlier history knew."""
    topic = full_name(settings, "users")
    earlier = {record.key: record.partition for record in await read_all(settings, "users")}
    for state in states:
        earlier.pop(state.user_id.encode(), None)
    gone = (Outgoing(topic, key, None, partition) for key, partition in earlier.items())
    kept = (Outgoing(topic, s.user_id.encode(), pack(s), home(s.user_id)) for s in states)
    return (record for records in (gone, kept) for record in records)


def _model(
    settings: Settings, manifest: Manifest, fold: ExampleFold, ranking: LearnedRanking, snapshot: str
) -> list[Outgoing]:
    topic = full_name(settings, "model")
    progress = Progress(
        epoch=manifest.epoch,
        version=manifest.number,
        examples_offset=0,
        snapshot=snapshot,
        learned=list(fold.learned.values()),
        standing_hit_ratio=None,
        popularity_hit_ratio=None,
        sets_scored=0,
        ranking_steps=ranking.step_count,
        timestamp_ms=now_ms(),
    )
    progress_record = Outgoing(topic, PROGRESS_KEY, encode_progress(progress), 0)
    return [progress_record, *ranking.outgoing(topic, manifest.epoch)]
