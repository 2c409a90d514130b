"""examples → model: the learner folds the log, measures the lists that stood, and publishes what is no fold.

It acknowledges only what a snapshot in the store contains, so its successor loses nothing. A former learner that
wakes up late publishes under a lower epoch, which every reader ignores.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

import faust
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from online import example_codec
from online.arms import Arms
from online.events import ExampleSet, UserErased
from online.fold import ExampleFold, Learned
from online.progressive import ProgressiveHits
from online.recommender import Recommender
from streams import metrics
from streams.app import add_agent
from streams.clock import now_ms
from streams.first_impressions import FirstImpressions
from streams.follower import Follower, Record
from streams.item_vectors import ItemVectors
from streams.learned_fusion import LearnedFusion
from streams.learned_ranking import LearnedRanking
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.publications import PROGRESS_KEY, Progress, decode_progress, encode_progress
from streams.receipts import Pending, Receipts
from streams.runs import Run
from streams.settings import Settings
from streams.stores import StoreError, StoreUnavailableError
from streams.stores.snapshots import Manifest, SnapshotStore
from streams.succession import SucceededError
from streams.topics import full_name, topic_ids

logger = logging.getLogger(__name__)


class ExamplesToModel:
    """The learner: one at a time in a deployment, others stand by."""

    def __init__(
        self,
        settings: Settings,
        admin: AdminClient,
        new_fold: Callable[[], ExampleFold],
        ranking: LearnedRanking,
        producer: BatchProducer,
        liveness: Liveness,
        fusion: LearnedFusion | None = None,
    ) -> None:
        """A learner that has yet to take over; without a fusion items' vectors are fixed projections."""
        self._settings = settings
        self._new_fold = new_fold
        self._fold = new_fold()
        self._ranking = ranking
        self._fusion = fusion
        self._producer = producer
        self._check = liveness.check
        self._model = full_name(settings, "model")
        examples = full_name(settings, "examples")
        self._examples_id = topic_ids(admin, [examples])[examples]
        self._snapshots = SnapshotStore(settings)
        try:
            self._snapshots.check()
        except StoreUnavailableError as exc:
            self._report_store(exc)
        self._receipts = Receipts(settings, admin, self._snapshots, producer, self._check)
        self._first = FirstImpressions()
        self._vectors = ItemVectors(settings, producer, self._check, fusion, self._first)
        self._log = Follower(settings, examples, gaps="error")
        self._hits = ProgressiveHits(Arms(settings.arm_shares), media_of=self._vectors.media.name_of)
        self._next_offset = 0
        self._epoch = 0
        self._version = 0
        self._snapshot = ""
        self._unsaved: list[Callable[[], object]] = []
        """Acknowledge what is folded, but in no snapshot yet."""
        self._folding = asyncio.Lock()
        self.ready = asyncio.Event()
        """Set while this worker is the learner and has taken over where the last one stopped."""

    @property
    def epoch(self) -> int | None:
        """Under which this worker learns; None while it never has."""
        return self._epoch if self.ready.is_set() else None

    async def load(self, partitions: set[int]) -> None:
        """With the one partition of the log: goes on from the newest snapshot, as a new epoch. Else: stands by.

        Raises:
            SucceededError: `freshet model rollback` has been run meanwhile.
        """
        async with self._folding:
            self._unsaved.clear()
            if partitions:
                await self._take_over()
                self.ready.set()

    async def _take_over(self) -> None:
        await self._vectors.load(self._take_progress)
        # Snapshots go by epochs too, and may be of higher ones than `model` knows, which may have been made anew.
        self._epoch = max(self._epoch, await asyncio.to_thread(self._snapshots.last_epoch)) + 1
        self._fold, self._next_offset = self._new_fold(), 0
        self._receipts.pending = []
        # In the loop, a large one would stand in the way of heartbeats for too long.
        found = await asyncio.to_thread(self._snapshots.newest, self._examples_id)
        if found is not None:
            self._fold.load(found[1])
            self._next_offset = found[0].examples_offset
        # Also without a snapshot: what another learner published since has to be replaced.
        saved = {} if found is None else found[1]
        self._ranking.load(saved)
        if self._fusion is not None:
            self._fusion.load(saved)
        self._hits.by_arm.load(saved)
        # What was acknowledged lies in a snapshot; if that one was lost, the log between is read here.
        await self._log.assign({0: self._next_offset})
        await self._log.read_to_end(self._fold_record)
        # That took a while. And a rollback that saves only now looks, when it has, for what is published here.
        await self._give_way(self._epoch)
        await self._publish()
        await self._give_way(self._epoch)

    async def _give_way(self, epoch: int) -> None:
        """Ends this learner if a rollback has saved that epoch or a higher one, published or not.

        Raises:
            SucceededError: It has.
        """
        found = await asyncio.to_thread(self._snapshots.last_epoch)
        if found >= epoch:
            own = self._epoch
            msg = f"this learner's epoch is {own}, but epoch {found} was saved: it starts anew from there"
            raise SucceededError(msg)

    async def finish(self) -> None:
        """Returns when the run in work, if any, is folded."""
        async with self._folding:
            pass

    async def work(self, runs: Sequence[Run], acknowledge: Callable[[], object]) -> None:
        """Folds runs of the log; they are acknowledged with the next snapshot."""
        await self.ready.wait()
        for run in runs:
            async with self._folding:
                for record in run if run.is_current() else []:
                    if record.offset >= self._next_offset and record.value is not None:
                        self._fold_value(record.value, record.offset, record.timestamp)
                        await asyncio.sleep(0)
            metrics.LAG_SECONDS.labels(topic="examples").set(max(0, now_ms() - run[-1].timestamp) / 1000)
        self._unsaved.append(acknowledge)

    async def publish_regularly(self) -> None:
        """Publishes progress and moved item vectors, and saves snapshots, for ever.

        While the store cannot be written nothing is acknowledged, and all else goes on.
        """
        since_snapshot_s, can_save = 0.0, True
        while True:
            await asyncio.sleep(self._settings.publish_interval_s)
            if not self.ready.is_set():
                continue
            since_snapshot_s += self._settings.publish_interval_s
            is_due = since_snapshot_s >= self._settings.snapshot_interval_s
            # Who waits for a receipt doesn't wait for the next snapshot in order.
            if (is_due and self._unsaved) or (self._receipts.pending and (is_due or can_save)):
                can_save = await self._saved()
                since_snapshot_s = 0.0
            await self._publish()

    async def follow_embeddings(self) -> None:
        """Publishes each new or changed item's vector at once, for ever."""
        await self._vectors.follow(self.ready, lambda: self._epoch)

    def learned(self) -> list[Learned]:
        """What is learned of each source partition."""
        return list(self._fold.learned.values())

    def holders(self) -> dict[str, Callable[[str], bool]]:
        """By store, whether it holds anything of a user."""

        def waiting(user_id: str) -> bool:
            return self._fold.holds(user_id)  # each time it takes over, the fold is another

        return {
            "open_examples": waiting,
            "replay": lambda user_id: any(part.holds(user_id) for part in self._replaying()),
            "receipts": self._receipts.holds,
        }

    def holders_of_items(self) -> dict[str, Callable[[str], bool]]:
        """By store, whether it holds anything that an item is made of."""
        return {"vectors": self._vectors.holds}

    def _replaying(self) -> list[LearnedRanking | LearnedFusion]:
        """What learns again from what it has had."""
        return [self._ranking] if self._fusion is None else [self._ranking, self._fusion]

    def _forget(self, erased: Sequence[Pending]) -> None:
        """Has nothing learned from again that these users did before; once only, they may be back by the next try."""
        new = [pending for pending in erased if pending.replayed is None]
        forgotten = [part.forget({pending.marker.user_id for pending in new}) for part in self._replaying()]
        for pending in new:
            pending.replayed = sum(of_part[pending.marker.user_id] for of_part in forgotten)

    async def _saved(self) -> bool:
        try:
            await self.save()
        except StoreError as exc:
            self._report_store(exc)
            return False
        except (KafkaException, TimeoutError) as exc:
            logger.warning("receipts are written later, Kafka does not say how it is configured: %r", exc)
            return False
        return True

    def _report_store(self, error: StoreError) -> None:
        logger.error("learning goes on, snapshots are tried again: %s", error)
        metrics.SNAPSHOT_FAILURES.inc()

    async def save(self) -> None:
        """Saves a snapshot, acknowledges what it contains, and writes the receipts of the erasures in it.

        Raises:
            StoreError: The store cannot be written. What is not in a snapshot stays unacknowledged.
            KafkaException, TimeoutError: The snapshot is saved, and the cluster does not answer for the receipts.
            SucceededError: A rollback was ended before it published what it had saved: that would stay the newest.
        """
        await self._give_way(self._epoch + 1)
        contained, self._unsaved = self._unsaved, []
        self._check()
        erased = list(self._receipts.pending)
        self._forget(erased)
        next_offset = erased[0].offset if erased else self._next_offset
        manifest = Manifest(self._epoch, self._version, self._examples_id, next_offset)
        saved = self._fold.save() | self._ranking.save() | self._hits.by_arm.save()
        if self._fusion is not None:
            saved |= self._fusion.save()
        try:
            self._snapshot = await asyncio.to_thread(self._snapshots.save, manifest, saved)
        except StoreError:
            self._unsaved[:0] = contained
            raise
        self._ranking.kept()
        metrics.SNAPSHOT_TIME.set_to_current_time()
        for acknowledge in contained:
            acknowledge()
        if erased:
            await self._receipts.write(erased, self._snapshot)

    async def _publish(self) -> None:
        self._version += 1
        metrics.MODEL_VERSION.set(self._version)
        self._ranking.measure()
        hits = self._hits.ratios()
        progress = Progress(
            epoch=self._epoch,
            version=self._version,
            examples_offset=self._next_offset,
            snapshot=self._snapshot,
            learned=self.learned(),
            standing_hit_ratio=None if hits is None else hits[0],
            popularity_hit_ratio=None if hits is None else hits[1],
            sets_scored=self._hits.count,
            ranking_steps=self._ranking.step_count,
            timestamp_ms=now_ms(),
            items_behind=self._vectors.behind(),
            arms=self._hits.by_arm.results() if self._settings.arms else [],
            drift_alarm_count=self._ranking.alarm_count,
            drift_alarms=self._ranking.alarms,
        )
        self._measure(progress)
        record = Outgoing(self._model, PROGRESS_KEY, encode_progress(progress), 0)
        ranking = self._ranking.outgoing(self._model, self._epoch)
        await self._producer.deliver([record, *ranking], self._check)

    def _measure(self, progress: Progress) -> None:
        for result in progress.arms:
            metrics.ARM_HITS.labels(arm=result.arm).set(result.hit_ratio)
            metrics.ARM_SETS.labels(arm=result.arm).set(result.sets)
        for modality, count in self._vectors.media.counts().items():
            metrics.ITEMS_WITH_VECTOR.labels(modality=modality).set(count)
            metrics.ITEMS_BEHIND.labels(modality=modality).set(progress.items_behind.get(modality, 0))
        for (part, name), worth in self._hits.by_slice().items():
            metrics.STANDING_HITS.labels(slice=part, list=name).set(worth.hit_ratio)
            metrics.STANDING_NDCG.labels(slice=part, list=name).set(worth.ndcg)
            metrics.STANDING_SETS.labels(slice=part).set(worth.sets)

    def _take_progress(self, record: Record) -> None:
        if record.key == PROGRESS_KEY and record.value is not None:
            progress = decode_progress(record.value)
            if progress.epoch >= self._epoch:
                self._epoch, self._version = progress.epoch, progress.version

    def _fold_record(self, record: Record) -> None:
        if record.value is not None:
            self._fold_value(record.value, record.offset, record.timestamp_ms)

    def _fold_value(self, value: bytes, offset: int, log_ms: int) -> None:
        """Folds one record. The lists that stood are scored, and learned from, before their sets are folded."""
        late_ms = now_ms() - log_ms

        def before(example_set: ExampleSet, recommender: Recommender) -> None:
            self._hits.score(example_set, recommender)
            self._first.stood(example_set.standing, log_ms)
            self._ranking.learn(example_set, late_ms)
            if self._fusion is not None:
                self._fusion.learn(example_set, late_ms)

        record = example_codec.unpack(value)
        if isinstance(record, UserErased):
            self._receipts.pending.append(Pending(record, offset, self._fold.erase(record)))
        else:
            folded = self._fold.fold(record, log_ms, before)
            metrics.EXAMPLES_FOLDED.inc(sum(len(example_set.examples) for example_set in folded))
        self._next_offset = offset + 1


def connect(
    app: faust.App, settings: Settings, worker: ExamplesToModel, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""

    async def examples_to_model(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await worker.work(runs, acknowledge)

    add_agent(app, settings, "examples", examples_to_model, fail)
