"""A run: hostile and honest messages to a river of its own, and the verdict."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
from confluent_kafka import KafkaException
from msgspec import Struct

from deploy.embedded_kafka import EmbeddedKafka, clear
from streams import discovery, topics
from streams.fuzz.sending import Sender
from streams.fuzz.verdict import problems
from streams.kafka import admin_client
from streams.lag import READS, group_lag, uncommitted
from streams.settings import ON_OWN_KAFKA, Settings, child_environ
from streams.supervisor import Supervisor

MIB = 2**20
WORKERS = {"encode": 1, "learn": 1, "recommend": 1}
START_S = 300.0
SETTLE_S = 300.0
WARM_SHARE = 0.2
"""Of the messages, after which a worker's memory is what later is compared with."""
GROWTH_LIMIT_MIB = 256.0
"""More than a worker may grow by after that: the learner's lists for replay alone take 140, and snapshots theirs."""


class Memory(Struct):
    """What a worker holds."""

    role: str
    warm_mib: float
    """After the warm-up."""
    end_mib: float


class FuzzResult(Struct):
    """What a run found. Everything is well if `problems` is empty."""

    seed: int
    messages: int
    honest: int
    seconds: float
    """While messages were sent."""
    per_s: float
    settled_s: float
    events: dict[str, int]
    """Valid events worked, by topic."""
    refusals: dict[str, int]
    """Dead letters, by code."""
    turned_away: dict[str, int]
    """Messages that Kafka itself did not take, by its reason."""
    memory: list[Memory]
    problems: list[str]


class Fuzz:
    """One run on a broker and workers of its own."""

    def __init__(
        self, settings: Settings, seed: int, count: int, limit_s: float, honest_per_s: float
    ) -> None:
        """Prepares a run.

        Raises:
            BrokerError: Another one is under way in this home.
        """
        home = settings.home / "fuzz"
        clear(home)
        self._settings = settings.model_copy(
            update={
                **ON_OWN_KAFKA, "home": home, "text_encoder": "hashing", "audio_encoder": "none",
                "video_encoder": "none", "snapshot_interval_s": 5.0, "item_capacity": 8192, "log_content": True,
            }
        )  # fmt: skip
        self._seed = seed
        self._count = count
        self._limit_s = limit_s
        self._honest_per_s = honest_per_s

    def run(self, on_sent: Callable[[int], None]) -> FuzzResult:
        """Sends everything, waits until it is worked, and judges.

        Args:
            on_sent: Told how many messages were sent since it was told last.

        Raises:
            BrokerError: Kafka cannot be started.
            TimeoutError: The workers do not start, or Kafka does not take messages.
        """
        with EmbeddedKafka(self._settings.home / "broker") as broker:
            settings = self._settings.model_copy(update={"kafka": broker.bootstrap})
            topics.create(admin_client(settings), settings)
            with _workers(settings) as supervisor:
                return self._judged(settings, supervisor, on_sent)

    def _judged(
        self, settings: Settings, supervisor: Supervisor, on_sent: Callable[[int], None]
    ) -> FuzzResult:
        sender = Sender(settings, self._seed, self._honest_per_s)
        pids = _pids(supervisor)
        started_s = time.monotonic()

        def is_over() -> bool:
            return time.monotonic() - started_s > self._limit_s or _pids(supervisor) != pids

        sent = sender.send(int(WARM_SHARE * self._count), is_over, on_sent)
        warm = _memory(pids)
        sent += sender.send(self._count - sent, is_over, on_sent)
        seconds = time.monotonic() - started_s
        found = _settle(settings, lambda: _pids(supervisor) != pids)
        settled_s = time.monotonic() - started_s - seconds
        log = settings.home / "workers.log"
        if _pids(supervisor) != pids:
            ended = pids.keys() - _pids(supervisor).keys()
            last = " ".join(log.read_text(errors="replace").split("\n")[-4:])
            found = [f"{', '.join(sorted(ended))} ended: {last}"]
        with log.open(errors="replace") as errors:
            more, observed, expected = problems(settings, sender, errors)
        memory = [Memory(role, warm.get(role, 0.0), mib) for role, mib in _memory(pids).items()]
        codes = [code for code, _ in observed.letters.values()]
        return FuzzResult(
            seed=self._seed,
            messages=sent,
            honest=sender.honest_count,
            seconds=round(seconds, 1),
            per_s=round(sent / seconds, 1),
            settled_s=round(settled_s, 1),
            events=dict(expected.accepted),
            refusals={code: codes.count(code) for code in sorted(set(codes))},
            turned_away=dict(sender.turned_away),
            memory=memory,
            problems=[*found, *more, *_growth(memory)],
        )


@contextmanager
def _workers(settings: Settings) -> Iterator[Supervisor]:
    """Workers that serve; none is started again, so that one which ends is missed."""
    environ = child_environ(settings)
    supervisor = Supervisor(WORKERS, environ, settings.home / "workers.log")
    supervisor.start()
    try:
        deadline_s = time.monotonic() + START_S
        while len(list(discovery.folder(settings).glob("*.json"))) < len(supervisor.slots):
            if time.monotonic() > deadline_s or len(_pids(supervisor)) < len(supervisor.slots):
                msg = f"the workers did not start: see {settings.home / 'workers.log'}"
                raise TimeoutError(msg)
            time.sleep(0.2)
        yield supervisor
    finally:
        supervisor.stop()


def _pids(supervisor: Supervisor) -> dict[str, int]:
    return {role: pid for role in WORKERS for pid in supervisor.pids(role)}


def _memory(pids: dict[str, int]) -> dict[str, float]:
    """What each living worker holds, in MiB."""
    return {
        role: round(psutil.Process(pid).memory_info().rss / MIB, 1)
        for role, pid in pids.items()
        if psutil.pid_exists(pid)
    }


def _settle(settings: Settings, is_over: Callable[[], bool]) -> list[str]:
    """Waits until every group has worked its topics to their end; says what is left where one does not."""
    deadline_s, admin = time.monotonic() + SETTLE_S, admin_client(settings)
    while True:
        try:
            left = {role: uncommitted(group_lag(admin, settings, role)) for role in READS}
        except KafkaException as exc:
            left = {str(exc): 1}
        if not any(left.values()):
            # Receipts and the learner's count follow with its next publication.
            time.sleep(2 * settings.publish_interval_s + 1)
            return []
        if is_over() or time.monotonic() > deadline_s:
            return [f"{role}: {count:,} records are not committed" for role, count in left.items() if count]
        time.sleep(1.0)


def _growth(memory: list[Memory]) -> list[str]:
    return [
        f"{row.role} grew from {row.warm_mib:,} to {row.end_mib:,} MiB"
        for row in memory
        if row.end_mib - row.warm_mib > GROWTH_LIMIT_MIB
    ]
