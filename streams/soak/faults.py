"""What can go wrong, each fault a method; the soak's script calls them in an order that follows from the seed."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from deploy.embedded_kafka import EmbeddedKafka
from streams.settings import Settings
from streams.soak.cluster import Cluster
from streams.soak.network import Network
from streams.soak.reference import LogRecord
from streams.supervisor import Supervisor

WORKERS = {"encode": 2, "learn": 2, "recommend": 2}
RECOMMEND_LIMIT = 3
CATCH_UP_S = 180.0
SLOW_S = 0.1
IN_THE_MIDDLE_S = 0.05
"""After which a worker that goes on has been given its backlog, and has not worked it."""


class Faults:
    """Faults on running workers, the broker, the network, the store and the cluster's offsets."""

    def __init__(
        self,
        settings: Settings,
        supervisor: Supervisor,
        broker: EmbeddedKafka,
        network: Network,
        rng: random.Random,
        beside: Path | None = None,
    ) -> None:
        """Nothing has gone wrong yet.

        Args:
            settings: Of the workers.
            supervisor: Theirs.
            broker: Theirs.
            network: Between the two.
            rng: Draws what a fault hits.
            beside: The folder of another version, workers of which take the places of others.
        """
        self._settings = settings
        self._supervisor = supervisor
        self._broker = broker
        self._network = network
        self._rng = rng
        self._beside = beside
        self._cluster = Cluster(settings)
        self._restored: Counter[int] = Counter()
        """Records of `interactions` that were restored under the topic's present id, by partition."""
        self.earlier: list[LogRecord] = []
        """Records of logs that were replaced by a restored one."""

    def script(self) -> list[Callable[[], str]]:
        """Every fault once, in an order of its own; `restore_topic` is not among them, it comes once a run."""
        faults = [
            self.kill_recommend, self.kill_learn, self.kill_encode,
            self.freeze_recommend, self.freeze_learn, self.freeze_encode,
            self.join_recommend, self.leave_recommend, self.lose_snapshot, self.reset_group, self.restart_broker,
            self.kill_while_writing, self.kill_zombie, self.cut_network, self.slow_network, self.reset_connections,
        ]  # fmt: skip
        # Where the system lets nobody limit another process no disk is filled.
        if hasattr(psutil, "RLIMIT_FSIZE"):
            faults += [self.fill_store, self.fill_broker]
        if self._beside is not None:
            faults += [self.change_version] * 4
        self._rng.shuffle(faults)
        return faults

    def last(self) -> list[Callable[[], str]]:
        """The faults whose harm later events of the same users would hide."""
        return [self.kill_while_writing, self.kill_zombie]

    def kill_recommend(self) -> str:
        """SIGKILL of a recommend worker."""
        return self._kill("recommend")

    def kill_learn(self) -> str:
        """SIGKILL of a learn worker: the learner, whose standby takes over, or the standby."""
        return self._kill("learn")

    def kill_encode(self) -> str:
        """SIGKILL of an encode worker."""
        return self._kill("encode")

    def freeze_recommend(self) -> str:
        """A recommend worker stands still for longer than its session, and wakes up as a zombie."""
        return self._freeze("recommend")

    def freeze_learn(self) -> str:
        """A learn worker stands still for longer than its session, and wakes up as a zombie."""
        return self._freeze("learn")

    def freeze_encode(self) -> str:
        """An encode worker stands still for longer than its session, and wakes up as a zombie."""
        return self._freeze("encode")

    def join_recommend(self) -> str:
        """One more recommend worker joins."""
        if len(self._supervisor.pids("recommend")) >= RECOMMEND_LIMIT:
            return self.leave_recommend()
        return f"{self._supervisor.add('recommend').name} joined"

    def leave_recommend(self) -> str:
        """A recommend worker is stopped in order."""
        slots = [slot for slot in self._supervisor.slots if slot.role == "recommend"]
        if len(slots) < 2:
            return self.join_recommend()
        slot = self._rng.choice(slots)
        self._supervisor.remove(slot)
        return f"{slot.name} left"

    def lose_snapshot(self) -> str:
        """The newest snapshot is lost, and the learners die before they write another."""
        folder = Path(self._settings.store_url) / f"{self._settings.topic_prefix}snapshots"
        snapshots = sorted(folder.glob("*.npz"))
        if snapshots:
            snapshots[-1].unlink()
        for pid in self._supervisor.pids("learn"):
            os.kill(pid, signal.SIGKILL)
        return (
            f"lost {snapshots[-1].name if snapshots else 'no snapshot, there was none'}, killed both learners"
        )

    def reset_group(self) -> str:
        """The recommend group is set back to earlier offsets."""
        count = self._stop_recommend()
        share = self._rng.uniform(0.05, 0.3)
        self._cluster.set_back(share, self._restored)
        self._start_recommend(count)
        return f"recommend group set back by {share:.0%}"

    def restart_broker(self) -> str:
        """SIGKILL of the broker, and its start on the same data."""
        os.kill(self._broker_pid(), signal.SIGKILL)
        self._broker.start()
        return "broker killed and started"

    def fill_store(self) -> str:
        """The learners' disk is full for long enough that snapshots fail."""
        seconds = 2 * self._settings.snapshot_interval_s
        with ExitStack() as full:
            for pid in self._supervisor.pids("learn"):
                with suppress(psutil.NoSuchProcess):
                    full.enter_context(_disk_full(pid))
            time.sleep(seconds)
        return f"learners' disk full for {seconds:g} s"

    def fill_broker(self) -> str:
        """The broker's disk is full, which ends it; it starts on the same data when there is room again."""
        pid, deadline_s = self._broker_pid(), time.monotonic() + self._settings.session_timeout_s
        with _disk_full(pid):
            while not _has_ended(pid) and time.monotonic() < deadline_s:
                time.sleep(0.1)
        if not _has_ended(pid):
            return "broker's disk full, while it wrote nothing"
        self._broker.start()
        return "broker ended by a full disk, and started"

    def cut_network(self) -> str:
        """Nothing passes between anybody and the broker for longer than a session; then all that was sent arrives."""
        seconds = self._settings.session_timeout_s + 2
        with self._network.cut():
            time.sleep(seconds)
        return f"network cut for {seconds:g} s"

    def slow_network(self) -> str:
        """Everything takes longer, both ways."""
        with self._network.slow(SLOW_S):
            time.sleep(self._settings.session_timeout_s)
        return f"network slower by {SLOW_S * 1000:g} ms each way for {self._settings.session_timeout_s:g} s"

    def reset_connections(self) -> str:
        """Every connection is ended at once, with whatever was under way in it."""
        return f"{self._network.reset()} connections ended"

    def change_version(self) -> str:
        """A worker is stopped in order, and one of the other version takes its place: an upgrade, or back."""
        assert self._beside is not None
        slot = self._rng.choice(self._supervisor.slots)
        self._supervisor.remove(slot)
        other = {"PYTHONPATH": str(self._beside)}
        is_other = slot.environ == other
        new = self._supervisor.add(slot.role, {} if is_other else other)
        return f"{new.name} of {'this' if is_other else 'the other'} version in the place of {slot.name}"

    def kill_while_writing(self) -> str:
        """A recommend worker is killed between its writes."""
        pid = self._some_recommend()
        # Not long enough for a zombie, but there is much to do at once then: soon after, it is in the middle of it.
        self._stand_still(pid, self._settings.session_timeout_s / 4)
        os.kill(pid, signal.SIGCONT)
        time.sleep(IN_THE_MIDDLE_S)
        with self._broker_frozen():
            self._kill_soon(pid)
        return f"recommend worker {pid} killed while it was writing"

    def kill_zombie(self) -> str:
        """A recommend worker wakes up when another has long taken over, writes what it can, and is killed."""
        pid = self._some_recommend()
        # What it asked for comes all at once when the broker goes on, and waits in its socket.
        with self._broker_frozen():
            time.sleep(0.5)
            os.kill(pid, signal.SIGSTOP)
        time.sleep(2 * self._settings.session_timeout_s + 2)
        # Nobody can tell it that it is a zombie.
        with self._broker_frozen():
            os.kill(pid, signal.SIGCONT)
            self._kill_soon(pid)
        return f"recommend worker {pid} frozen, woken and killed while it was writing"

    def _some_recommend(self) -> int:
        """One that lives, for which is waited: the last fault may have ended all, and another is started soon."""
        deadline_s = time.monotonic() + CATCH_UP_S
        while not (pids := self._supervisor.pids("recommend")):
            if time.monotonic() > deadline_s:
                msg = "no recommend worker is running"
                raise TimeoutError(msg)
            time.sleep(0.2)
        return self._rng.choice(pids)

    def _kill_soon(self, pid: int) -> None:
        time.sleep(1)
        # It may have left by itself.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    @contextmanager
    def _broker_frozen(self) -> Iterator[None]:
        """What is sent meanwhile lies in the broker's socket, and is worked when it goes on."""
        os.kill(self._broker_pid(), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._broker_pid(), signal.SIGCONT)

    def restore_topic(self) -> str:
        """`interactions` is deleted and restored, once the group has caught up: same records, another id.

        What was applied before is known by recent ids alone, what was not is new: nobody could say what to expect
        of a group that is behind.
        """
        deadline_s = time.monotonic() + CATCH_UP_S
        while self._cluster.uncommitted():
            if time.monotonic() > deadline_s:
                return f"interactions not restored: the group was still behind after {CATCH_UP_S:g} s"
            time.sleep(0.5)
        count = self._stop_recommend()
        records = self._cluster.read("interactions")
        self.earlier += records
        self._restored = Counter(record.partition for record in records)
        self._cluster.restore("interactions", records)
        self._start_recommend(count)
        return f"interactions restored with {len(records):,} records under a new id"

    def _stop_recommend(self) -> int:
        slots = [slot for slot in self._supervisor.slots if slot.role == "recommend"]
        for slot in slots:
            self._supervisor.remove(slot)
        return len(slots)

    def _start_recommend(self, count: int) -> None:
        for _ in range(count):
            self._supervisor.add("recommend")

    def _kill(self, role: str) -> str:
        pids = self._supervisor.pids(role)
        if not pids:
            return f"no {role} worker was running"
        pid = self._rng.choice(pids)
        os.kill(pid, signal.SIGKILL)
        return f"{role} worker {pid} killed"

    def _freeze(self, role: str) -> str:
        pids = self._supervisor.pids(role)
        if not pids:
            return f"no {role} worker was running"
        pid = self._rng.choice(pids)
        seconds = self._settings.session_timeout_s + 2
        self._stand_still(pid, seconds)
        os.kill(pid, signal.SIGCONT)
        return f"{role} worker {pid} frozen for {seconds:g} s"

    def _stand_still(self, pid: int, seconds: float) -> None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)

    def _broker_pid(self) -> int:
        assert self._broker.pid is not None
        return self._broker.pid


@contextmanager
def _disk_full(pid: int) -> Iterator[None]:
    """No file of the process grows, as if its disk were full."""
    process = psutil.Process(pid)
    soft, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            process.rlimit(psutil.RLIMIT_FSIZE, (soft, hard))


def _has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
