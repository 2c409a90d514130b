"""Snapshots of the model: what each is worth, how two differ, and an older ranking served again.

Statistics follow from the log of examples, so they are the same whatever is served; only the ranking, which is
learned, can be rolled back.
"""

import asyncio
import random
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from confluent_kafka.admin import AdminClient
from msgspec import Struct

from online.fold import ExampleFold
from online.learning.judged import Judged
from online.learning.ranking import RankingLearner
from online.ranking.network import Network
from online.recommender import Recommender
from online.saved import arrays_of
from online.state import UserState
from online.state_codec import unpack
from streams.clock import now_ms
from streams.follower import read_all
from streams.learned_ranking import PREFIX, LearnedRanking, is_private, with_ranking
from streams.lists import ListMaker, new_recommender
from streams.model_to_lists import ModelToLists
from streams.producer import BatchProducer, Outgoing
from streams.publications import PROGRESS_KEY, Progress, encode_progress
from streams.settings import Settings
from streams.status import newest_progress
from streams.stores.snapshots import Manifest, SnapshotStore
from streams.topics import full_name, topic_ids

if TYPE_CHECKING:
    from online.learning.private_ranking import PrivateRankingLearner


class ModelError(RuntimeError):
    """There is no such snapshot, or it is not what was expected; the message says which there are."""


class Standing(Struct):
    """What a snapshot's ranking had done."""

    steps: int
    network: float | None
    """Mean reciprocal rank of what was had, over the last lists before the snapshot; None before any."""
    blend: float | None
    """The same by the fixed blend. Where it is higher, the blend ranks."""


class ModelSnapshot(Struct):
    """One row of `freshet model list`."""

    name: str
    epoch: int
    version: int
    examples_offset: int
    size_bytes: int
    saved_ms: int
    ranking: Standing | None
    """None where the snapshot is of a version without one."""


class Comparison(Struct):
    """Two snapshots' rankings."""

    first: str
    second: str
    rankings: tuple[Standing, Standing]
    cosine: float
    """Of the weights of the one and of the other."""
    users: int
    """Whose lists were made with both, over the same statistics."""
    overlap: float | None
    """Mean share of equal items in the two lists of a user; None without users."""


class RolledBack(Struct):
    """What is served now."""

    snapshot: str
    """The new one."""
    epoch: int
    ranking: Standing
    is_served: bool
    """Whether its network ranks, and not the fixed blend: that does where the network was not trained enough yet, or
    ranked worse at the time."""


def list_models(settings: Settings) -> list[ModelSnapshot]:
    """Every snapshot in the store, the oldest first."""
    keys = (f"{PREFIX}step_count", f"{PREFIX}judged")
    return [
        ModelSnapshot(
            name=found.name,
            epoch=found.manifest.epoch,
            version=found.manifest.number,
            examples_offset=found.manifest.examples_offset,
            size_bytes=found.size_bytes,
            saved_ms=found.saved_ms,
            ranking=_standing(arrays_of(found.arrays, PREFIX)),
        )
        for found in SnapshotStore(settings).listed(keys)
    ]


async def compare(settings: Settings, admin: AdminClient, first: str, second: str, users: int) -> Comparison:
    """Compares two snapshots' rankings, by lists of so many users with the statistics of the newer one.

    Raises:
        ModelError: There is no such snapshot, none with a ranking that this version reads, or only one of the two was
            learned with privacy.
    """
    store = SnapshotStore(settings)
    names = [_find(store, given) for given in (first, second)]
    learners = [_learner(store, name) for name in names]
    if (learners[0].accounts is None) != (learners[1].accounts is None):
        msg = (
            f"one of {' and '.join(names)} was learned with differential privacy: their weights are not alike"
        )
        raise ModelError(msg)
    networks = [learner.averaged() for learner in learners]
    first_of, second_of = (_weights(network) for network in networks)
    recommender = await _recommender(settings, admin, store, max(names))
    states = await _sample(settings, users)
    shares = [_shared(recommender, state, networks, settings.list_length) for state in states]
    standings = [_standing(learner.save()) for learner in learners]
    assert standings[0] is not None
    assert standings[1] is not None
    return Comparison(
        first=names[0],
        second=names[1],
        rankings=(standings[0], standings[1]),
        cosine=float(first_of @ second_of / (np.linalg.norm(first_of) * np.linalg.norm(second_of))),
        users=len(states),
        overlap=float(np.mean(shares)) if shares else None,
    )


async def rollback(settings: Settings, admin: AdminClient, given: str) -> RolledBack:
    """Serves an older snapshot's ranking again, and has the learner go on from it.

    It becomes the ranking of a new snapshot with the newest statistics, under a higher epoch: recommend workers take
    it at once, and a learner that runs ends when it sees that epoch, and starts anew from the new snapshot.

    Raises:
        ModelError: There is no such snapshot, none with a ranking that this version reads, or no newest one; or only
            one of the two was learned with privacy.
        StoreError: The store cannot be written.
    """
    store = SnapshotStore(settings)
    learner = _learner(store, _find(store, given))
    ranking = LearnedRanking(learner)
    examples = full_name(settings, "examples")
    while True:
        newest = store.newest(topic_ids(admin, [examples])[examples])
        progress = await newest_progress(settings)
        if newest is None or progress is None:
            msg = "the log of examples has no snapshot yet: there is nothing to roll back"
            raise ModelError(msg)
        # A learner takes no ranking of the other kind up, nor what was spent of users' privacy together with it.
        if is_private(newest[1]) != (learner.accounts is not None):
            msg = (
                f"only one of {given!r} and the newest snapshot was learned with differential privacy, and a learner "
                "does not go on from the one to the other; give a snapshot of the newest one's kind"
            )
            raise ModelError(msg)
        epoch = max(progress.epoch, store.last_epoch()) + 1
        manifest = Manifest(
            epoch, progress.version + 1, newest[0].examples_topic_id, newest[0].examples_offset
        )
        snapshot = await asyncio.to_thread(store.save, manifest, with_ranking(newest[1], ranking.save()))
        ranking.kept()
        now = msgspec.structs.replace(
            progress,
            epoch=epoch,
            version=manifest.number,
            snapshot=snapshot,
            ranking_steps=learner.step_count,
            timestamp_ms=now_ms(),
        )
        try:
            if await _is_published(settings, now, ranking):
                break
        except BaseException:
            # A running learner, which was not told, would go on to save below it.
            store.remove(snapshot)
            raise
        store.remove(snapshot)
    standing = _standing(learner.save())
    assert standing is not None
    return RolledBack(snapshot, epoch, standing, learner.network() is not None)


async def _is_published(settings: Settings, progress: Progress, ranking: LearnedRanking) -> bool:
    """Publishes what was saved, unless a learner that took over meanwhile publishes under the same epoch."""
    newest = await newest_progress(settings)
    if newest is not None and newest.epoch >= progress.epoch:
        return False
    model = full_name(settings, "model")
    record = Outgoing(model, PROGRESS_KEY, encode_progress(progress), 0)
    producer = BatchProducer(settings)
    try:
        await producer.deliver([record, *ranking.outgoing(model, progress.epoch)], lambda: None)
    finally:
        await producer.close()
    return True


def _find(store: SnapshotStore, given: str) -> str:
    names = store.names()
    found = [name for name in names if given in name]
    if len(found) != 1:
        wrong = "no snapshot's name has" if not found else f"{len(found)} snapshots' names have"
        msg = f"{wrong} {given!r} in it; there are {', '.join(names) or 'none'}"
        raise ModelError(msg)
    return found[0]


def _learner(store: SnapshotStore, name: str) -> "RankingLearner | PrivateRankingLearner":
    from online.learning.privacy import Budget  # noqa: PLC0415  # heavy
    from online.learning.private_ranking import PrivateRankingLearner  # noqa: PLC0415  # as above

    found = store.read(name)
    if found is None:
        msg = f"{name} is damaged"
        raise ModelError(msg)
    # Nothing is learned here, so whatever the budget is, nothing of it is spent.
    for learner in (RankingLearner(), PrivateRankingLearner(Budget(1.0))):
        if learner.load(arrays_of(found[1], PREFIX)):
            return learner
    msg = f"{name} has no ranking, or one of other features than this version's"
    raise ModelError(msg)


def _standing(ranking: dict[str, np.ndarray]) -> Standing | None:
    if "step_count" not in ranking:
        return None
    judged = Judged()
    judged.load(ranking["judged"])
    ranks = {by: round(rank, 4) for by, rank in judged.mean_reciprocal_ranks().items()}
    return Standing(int(ranking["step_count"]), ranks.get("network"), ranks.get("blend"))


def _weights(network: Network) -> np.ndarray:
    return np.concatenate(
        [part.ravel() for part in (network.linear, network.hidden, network.bias, network.out)]
    )


async def _recommender(
    settings: Settings, admin: AdminClient, store: SnapshotStore, name: str
) -> Recommender:
    fold = ExampleFold(new_recommender(settings))
    found = store.read(name)
    if found is not None:
        fold.load(found[1])
    model = ModelToLists(settings, admin, ListMaker(settings, fold.recommender), fold)
    try:
        await model.load_items()
    finally:
        model.close()
    return fold.recommender


async def _sample(settings: Settings, count: int) -> list[UserState]:
    """States of users, by lot; those that were written last."""
    newest = {record.key: record.value for record in await read_all(settings, "users")}
    values = [value for _, value in sorted(newest.items()) if value is not None]
    return [unpack(value) for value in random.Random(0).sample(values, min(count, len(values)))]


def _shared(recommender: Recommender, state: UserState, networks: list[Network], k: int) -> float:
    lists = []
    for network in networks:
        recommender.network = network
        listed = recommender.recommend(state, now_ms=max(state.open_ms, 0), wall_ms=now_ms(), k=k)
        lists.append({item.item_id for item in listed})
    return len(lists[0] & lists[1]) / max(len(lists[0]), 1)
