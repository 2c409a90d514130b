"""A soak: events at a steady rate, one fault after the other, then everything has to be as if nothing had been."""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from confluent_kafka import KafkaException
from msgspec import Struct

from deploy.embedded_kafka import EmbeddedKafka, clear
from deploy.ports import free_port
from online.state_codec import is_older
from streams import topics
from streams.embeddings import decode_embedding
from streams.encoding.sources import sources
from streams.events import Recommendation
from streams.kafka import KafkaUnavailableError, admin_client
from streams.settings import ON_OWN_KAFKA, TEXT_ONLY, Settings, child_environ
from streams.soak.cluster import Cluster
from streams.soak.faults import WORKERS, Faults
from streams.soak.network import Network
from streams.soak.reference import Described, Reference
from streams.soak.shoppers import Shoppers
from streams.status import Counted, Status, read_status, read_workers
from streams.supervisor import Supervisor

START_S = 600.0
"""The first time they compile their kernels: a minute or two, more where other work keeps the cores busy."""
STALL_S = 60.0
"""So long workers may get no further with what they are behind."""
SETTLE_S = 180.0
"""Then for so long there may still be a difference."""
RESTORE_S = 300.0
"""When the topic is restored at the latest: all of it comes again, and has to be worked beside what is new."""
CALM_S = 10.0
"""Without faults at the start, so that there is something to lose."""

Say = Callable[[str], None]


class SoakResult(Struct):
    """What a soak found. Everything is well if `problems` is empty."""

    seed: int
    seconds: float
    events: int
    faults: list[str]
    settled_s: float
    users: int
    problems: list[str]


class Soak:
    """One run on a broker and workers of its own."""

    def __init__(
        self,
        settings: Settings,
        seed: int,
        minutes: float,
        rate: float,
        pause_s: float,
        say: Say,
        beside: Path | None = None,
    ) -> None:
        """Prepares a run.

        Args:
            settings: The home below which everything lies.
            seed: The events and the order of faults follow from it.
            minutes: How long faults happen.
            rate: Events a second.
            pause_s: Between one fault and the next.
            say: Told each fault.
            beside: The folder of another version, workers of which take the places of others.

        Raises:
            BrokerError: Another soak is under way in this home.
        """
        home = settings.home / "soak"
        clear(home)
        self._settings = settings.model_copy(
            update={
                **ON_OWN_KAFKA, **TEXT_ONLY, "home": home, "text_encoder": "hashing", "session_timeout_s": 6.0,
                "snapshot_interval_s": 5.0, "item_capacity": 4096,
            }
        )  # fmt: skip
        self._seed = seed
        self._seconds = minutes * 60
        self._rate = rate
        self._pause_s = pause_s
        self._say = say
        self._beside = beside
        self._stop = threading.Event()
        self._producing = threading.Lock()
        self._failed: list[BaseException] = []

    def run(self) -> SoakResult:
        """Runs the script and compares.

        Raises:
            BrokerError: Kafka cannot be started.
        """
        started_s = time.monotonic()
        with self._kafka() as (broker, network):
            settings = self._settings.model_copy(update={"kafka": network.address})
            topics.create(admin_client(settings), settings)
            shoppers = Shoppers(settings, self._seed)
            with self._workers(settings) as supervisor, self._shopping(shoppers):
                rng = random.Random(self._seed)
                faults = Faults(settings, supervisor, broker, network, rng, self._beside)
                log = self._disturb(faults)
                self._stop.set()
                with self._producing:
                    shoppers.flush()
                settled_s, problems, users = self._compare(settings, faults, shoppers)
        problems += [f"{type(exc).__name__}: {exc}" for exc in self._failed]
        seconds = round(time.monotonic() - started_s, 1)
        return SoakResult(self._seed, seconds, shoppers.sent_count, log, settled_s, users, problems)

    @contextmanager
    def _kafka(self) -> Iterator[tuple[EmbeddedKafka, Network]]:
        """A broker, and the network that everybody reaches it by."""
        port = free_port()
        with Network(port) as network:
            advertised = {"advertised.listeners": f"PLAINTEXT://{network.address}"}
            with EmbeddedKafka(self._settings.home / "broker", port=port, properties=advertised) as broker:
                yield broker, network

    @contextmanager
    def _workers(self, settings: Settings) -> Iterator[Supervisor]:
        environ = child_environ(settings)
        log = settings.home / "workers.log"
        supervisor = Supervisor(WORKERS, environ, log)
        ended = threading.Event()

        def tend() -> None:
            while not ended.wait(0.5):
                if supervisor.tend() is not None:
                    msg = f"a worker gives up as if its settings were wrong: see {log}"
                    self._failed.append(RuntimeError(msg))
                    return

        supervisor.start()
        tending = threading.Thread(target=tend, daemon=True)
        tending.start()
        try:
            self._await_workers(settings)
            yield supervisor
        finally:
            ended.set()
            tending.join()
            supervisor.stop()

    def _await_workers(self, settings: Settings) -> None:
        """Faults on workers that are still starting would disturb nothing."""
        deadline_s = time.monotonic() + START_S
        while len(read_workers(settings)) < sum(WORKERS.values()) and not self._failed:
            if time.monotonic() > deadline_s:
                msg = f"the workers did not start within {START_S:g} s: see {settings.home / 'workers.log'}"
                raise TimeoutError(msg)
            time.sleep(0.5)

    @contextmanager
    def _shopping(self, shoppers: Shoppers) -> Iterator[None]:
        def shop() -> None:
            step_s, due = 0.1, 0.0
            try:
                while not self._stop.wait(step_s):
                    due += self._rate * step_s
                    with self._producing:
                        shoppers.send(int(due))
                    due %= 1
            except BaseException as exc:
                self._failed.append(exc)

        thread = threading.Thread(target=shop, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _disturb(self, faults: Faults) -> list[str]:
        log: list[str] = []
        time.sleep(CALM_S)
        started_s = time.monotonic()

        def have(fault: Callable[[], str], pause_s: float) -> None:
            elapsed_s = time.monotonic() - started_s
            log.append(fault())
            self._say(f"{elapsed_s:4.0f} s  {log[-1]}")
            time.sleep(pause_s)

        def restore() -> str:
            # No event may be produced into a topic that is being replaced.
            with self._producing:
                return faults.restore_topic()

        script: list[Callable[[], str]] = []
        restored = False
        while (elapsed_s := time.monotonic() - started_s) < self._seconds and not self._failed:
            if not restored and elapsed_s > min(self._seconds / 2, RESTORE_S):
                restored = True
                have(restore, self._pause_s)
            else:
                script = script or faults.script()
                have(script.pop(), self._pause_s)
        # What was killed has to be gone before the next one is chosen; and without workers there is nobody to kill.
        if not self._failed:
            for fault in ([] if restored else [restore]) + faults.last():
                have(fault, 1.0)
        return log

    def _compare(
        self, settings: Settings, faults: Faults, shoppers: Shoppers
    ) -> tuple[float, list[str], int]:
        """Waits until nothing is under way, then compares; returns seconds waited, problems and users."""
        cluster = Cluster(settings)
        started_s = time.monotonic()
        _await_commits(cluster)
        deadline_s = time.monotonic() + SETTLE_S
        problems = ["nothing compared"]
        reference = Reference(settings)
        while problems and not self._failed and time.monotonic() < deadline_s:
            time.sleep(2.0)
            try:
                reference = Reference(settings)
                reference.apply(faults.earlier)
                reference.apply(cluster.read("interactions"))
                problems = list(_problems(settings, cluster, reference, shoppers.sent_count))
            except (KafkaUnavailableError, KafkaException) as exc:
                problems = [str(exc)]
        return round(time.monotonic() - started_s, 1), problems, len(reference.states)


def _await_commits(cluster: Cluster) -> None:
    """Returns when everything is committed, or when nothing more is.

    What is left may grow meanwhile: what came packed with strangers' is sent home, to be worked there.
    """
    most, since_s = -1, time.monotonic()
    while time.monotonic() - since_s < STALL_S:
        with suppress(KafkaUnavailableError, KafkaException):
            committed, left = cluster.progress()
            if not left:
                return
            if committed > most:
                most, since_s = committed, time.monotonic()
        time.sleep(2.0)


def _problems(settings: Settings, cluster: Cluster, reference: Reference, sent_count: int) -> Iterator[str]:
    """Everything in which the disturbed run differs from the undisturbed one."""
    if lost := sent_count - len(reference.event_ids):
        yield f"{lost:,} of {sent_count:,} events never came home"
    if left := cluster.uncommitted():
        yield f"{left} records are not committed"
    status: Status = asyncio.run(read_status(admin_client(settings), settings))
    expected = reference.totals()
    for name, rows in (("applied", status.applied), ("learned", status.learned)):
        found = _totals(rows)
        for partition in sorted(expected.keys() | found.keys()):
            if expected.get(partition) != found.get(partition):
                yield f"{name} on partition {partition}: {found.get(partition)}, expected {expected.get(partition)}"
    differing = reference.differing(_highest_states(cluster))
    if differing:
        yield f"{len(differing)} users' states differ, the first is {differing[0]}"
    yield from _stale_lists(cluster, reference)
    yield from _wrong_items(settings, cluster)
    if letters := cluster.read("dead-letters"):
        yield f"{len(letters)} dead letters, where every event was good, the first: {letters[0].value!r}"


def _wrong_items(settings: Settings, cluster: Cluster) -> Iterator[str]:
    """Documents, and the vectors of their texts."""
    described, newest = Described(settings, cluster.read("media")), cluster.newest("items")
    if differing := described.differing(newest):
        first = differing[0]
        yield (
            f"{len(differing)} items' documents differ, the first is {first}: {newest.get(first)!r}, "
            f"expected {described.documents.get(first)}"
        )
    embedded = {key: decode_embedding(value) for key, value in cluster.newest("embeddings").items()}
    stale = []
    for item_id, document in described.documents.items():
        source = None if document is None else sources(document).get("text")
        row = embedded[item_id].modalities.get("text") if item_id in embedded else None
        if (row and row.content_hash) != (source and source.content_hash):
            stale.append(item_id)
    if stale:
        yield f"{len(stale)} items' vectors are not of their text, the first is {stale[0]}"


def _totals(rows: list[Counted]) -> dict[int, tuple[int, str]]:
    return {row.partition: (row.count, row.xor) for row in rows}


def _highest_states(cluster: Cluster) -> dict[str, bytes]:
    """Each user's state as a loader would take it: the highest cursor, not the newest record."""
    states: dict[str, bytes] = {}
    for record in cluster.read("users"):
        user_id = (record.key or b"").decode()
        if record.value is None:
            states.pop(user_id, None)
            continue
        if not is_older(record.value, states.get(user_id)):
            states[user_id] = record.value
    return states


def _stale_lists(cluster: Cluster, reference: Reference) -> Iterator[str]:
    decode = msgspec.json.Decoder(Recommendation).decode
    lists = cluster.newest("recommendations")
    stale = []
    for user_id, place in reference.last.items():
        through = decode(lists[user_id]).through if user_id in lists else None
        if through is None or (through.partition, through.offset) != place:
            stale.append(f"{user_id}: through {through}, last event at {place}")
    if stale:
        yield f"{len(stale)} users' newest lists do not go through their last event, the first: {stale[0]}"
