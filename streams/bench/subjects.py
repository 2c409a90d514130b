"""What is measured: Freshet itself, and two loops that do nothing but decode and send one list for each event."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from streams import discovery
from streams.settings import Settings, child_environ
from streams.supervisor import COMMAND, Supervisor
from streams.topics import full_name

START_S = 300.0
STOP_S = 15.0
WORKERS = {"learn": 1, "recommend": 1}
"""Nothing is encoded where no media are sent."""
FRESHET = "freshet"
BARE_FRESHET = "bare_freshet"
PLAIN_FAUST = "plain_faust"
QUIXSTREAMS = "quixstreams"
_FOLDER = Path(__file__).parent


class BenchError(RuntimeError):
    """The benchmark cannot go on, or its figures would mean nothing; the message says why."""


class Subject(Struct):
    """A running system that answers events of one topic with lists on another."""

    name: str
    source: str
    target: str
    pids: Callable[[], dict[str, int]]
    """Process ids by role; of several workers of one role the second is `recommend 2`, and so on."""
    has_ended: Callable[[], bool]
    """Whether any of its processes has."""
    log: Path
    stretches: int = 0
    """For how many events were planned; each has a number of its own."""

    def check(self) -> None:
        """Makes sure that it lives, so that nothing is waited for in vain.

        Raises:
            BenchError: A process of it has ended.
        """
        if self.has_ended():
            msg = f"a process of {self.name} has ended; {self.last_words()}"
            raise BenchError(msg)

    def last_words(self) -> str:
        """The last line of its log, which does not outlive the benchmark, as a part of a sentence."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        said = [line.strip() for line in lines if line.strip()]
        return f"its log ends with: {said[-1]}" if said else "its log is empty"


def topics_of(settings: Settings, name: str) -> tuple[str, str]:
    """A subject's own topics of events and of lists; Freshet's are those of its table."""
    middle = "" if name == FRESHET else f"{name}-"
    return full_name(settings, f"{middle}interactions"), full_name(settings, f"{middle}recommendations")


@contextmanager
def freshet(
    settings: Settings, workers: Mapping[str, int] = WORKERS, module: str = COMMAND
) -> Iterator[Subject]:
    """Real workers under a supervisor, as in production: so many of each role, by the command that runs `module`.

    Raises:
        BenchError: They do not start.
    """
    log = settings.home / "workers.log"
    supervisor = Supervisor(workers, child_environ(settings), log, module)

    def pids() -> dict[str, int]:
        return {
            role if number == 1 else f"{role} {number}": pid
            for role in workers
            for number, pid in enumerate(supervisor.pids(role), 1)
        }

    def has_ended() -> bool:
        return sum(len(supervisor.pids(role)) for role in workers) < sum(workers.values())

    def is_serving() -> bool:
        announced = {path.stem for path in discovery.folder(settings).glob("*.json")}
        return {f"{role}-{pid}" for role in workers for pid in supervisor.pids(role)} <= announced

    subject = Subject(FRESHET, *topics_of(settings, FRESHET), pids, has_ended, log)
    supervisor.start()
    try:
        deadline_s = time.monotonic() + START_S
        while not is_serving():
            subject.check()
            if time.monotonic() > deadline_s:
                msg = f"the workers did not start within {START_S:g} s; {subject.last_words()}"
                raise BenchError(msg)
            time.sleep(0.2)
        yield subject
    finally:
        supervisor.stop()


@contextmanager
def bare_freshet(settings: Settings) -> Iterator[Subject]:
    """Freshet's consumer and producer with nothing between them."""
    with _loop(settings, BARE_FRESHET, [sys.executable, str(_FOLDER / "bare_freshet.py")]) as subject:
        yield subject


@contextmanager
def plain_faust(settings: Settings) -> Iterator[Subject]:
    """The stock Faust loop."""
    with _loop(settings, PLAIN_FAUST, [sys.executable, str(_FOLDER / "plain_faust.py")]) as subject:
        yield subject


@contextmanager
def quixstreams(settings: Settings, python: Path) -> Iterator[Subject]:
    """The quixstreams loop, on the interpreter of the environment that has it."""
    with _loop(settings, QUIXSTREAMS, [str(python), str(_FOLDER / "quix_loop.py")]) as subject:
        yield subject


@contextmanager
def _loop(settings: Settings, name: str, command: list[str]) -> Iterator[Subject]:
    source, target = topics_of(settings, name)
    log = settings.home / f"{name}.log"
    group = f"{settings.topic_prefix}{name}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, settings.kafka, source, target, group],
            cwd=settings.home,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        yield Subject(
            name, source, target, lambda: {name: process.pid}, lambda: process.poll() is not None, log
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
