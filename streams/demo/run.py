"""The demo from start to end: Kafka, topics, workers, the stream, the view, and nothing left running."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from confluent_kafka.admin import AdminClient
from msgspec import Struct
from rich.console import Console
from rich.live import Live

from deploy.embedded_kafka import EmbeddedKafka, clear
from streams import topics
from streams.demo import view
from streams.demo.browser import console_beside
from streams.demo.errors import DemoError
from streams.demo.feed import Feed
from streams.demo.story import Story
from streams.demo.watch import Watch, percentile
from streams.events import Interaction
from streams.kafka import admin_client
from streams.lag import group_lag, uncommitted
from streams.settings import APART, ON_OWN_KAFKA, Settings, child_environ
from streams.status import read_workers
from streams.supervisor import Supervisor

WORKERS = {"encode": 1, "learn": 1, "recommend": 1}
WORKERS_S = 600.0
"""The first time they compile their kernels: a minute or two, more where other work keeps the cores busy."""
CATCH_UP_S = 600.0
PACKS_AHEAD = 20
"""Packs of the past that wait for workers: what waits for very long is learned without the lists that stood."""


class DemoResult(Struct):
    """What a run measured."""

    seconds: float
    events: int
    lists: int
    items: int
    latency_ms: dict[str, float | None]
    """Event to list, by Kafka's timestamps: p50, p95, p99, max."""
    standing_hit_ratio: float | None
    popularity_hit_ratio: float | None


class Demo:
    """One run."""

    def __init__(
        self,
        settings: Settings,
        console: Console,
        tell: Callable[[int], Story],
        seconds: float,
        rate: float,
        past: int,
        with_console: bool,
    ) -> None:
        """Prepares the run.

        Args:
            settings: The deployment's.
            console: Where it is shown.
            tell: Gives the first so many interactions of a story.
            seconds: How long the live part lasts.
            rate: Its interactions a second.
            past: Interactions that are sent before it.
            with_console: Whether the console runs beside it.
        """
        self._settings = settings
        self._tell = tell
        self._console = console
        self._seconds = seconds
        self._rate = rate
        self._past = past
        self._with_console = with_console
        self._stop = threading.Event()

    def run(self) -> DemoResult:
        """Runs the demo; a KeyboardInterrupt ends its live part early and in order.

        Raises:
            DemoError: Workers do not come up or do not catch up.
            BrokerError: Kafka cannot be started.
        """
        say = self._console.print
        story = self._tell(self._past + int(self._rate * self._seconds) + 1)
        say(story.notice, style="dim")
        past, live = story.interactions[: self._past], story.interactions[self._past :]
        with self._kafka() as settings, self._workers(settings) as supervisor:
            admin = admin_client(settings)
            feed = Feed(settings)
            say(f"Sending {len(story.media):,} items and {len(past):,} past events …")
            feed.media(story.media.values())
            self._learn_past(admin, settings, supervisor, feed, past)
            with self._console_beside(settings):
                return self._live(Watch(settings), feed, live, story, supervisor)

    @contextmanager
    def _console_beside(self, settings: Settings) -> Iterator[None]:
        if not self._with_console:
            yield
            return
        with console_beside(settings) as address:
            self._console.print(f"The console: {address}", markup=False)
            yield

    @contextmanager
    def _kafka(self) -> Iterator[Settings]:
        home = self._settings.home / "demo"
        if self._settings.kafka:
            # Topics of its own: to workers that remember one run, the same purchases would be retries in the next.
            name = f"demo-{token_hex(3)}"
            own = {"home": home / name, "topic_prefix": f"{self._settings.topic_prefix}{name}-"}
            changed = self._settings.model_copy(update={**APART, **own})
            admin = admin_client(changed)
            try:
                topics.create(admin, changed)
                yield changed
            finally:
                topics.delete(admin, changed)
                shutil.rmtree(changed.store_url, ignore_errors=True)
            return
        clear(home)
        self._console.print("Starting Apache Kafka (the first time its jars are fetched) …")
        with EmbeddedKafka(home / "broker") as broker:
            changed = self._settings.model_copy(
                update={**ON_OWN_KAFKA, "kafka": broker.bootstrap, "home": home}
            )
            topics.create(admin_client(changed), changed)
            yield changed

    @contextmanager
    def _workers(self, settings: Settings) -> Iterator[Supervisor]:
        environ = child_environ(settings)
        log = settings.home / "workers.log"
        settings.home.mkdir(parents=True, exist_ok=True)
        supervisor = Supervisor(WORKERS, environ, log)
        supervisor.start()
        try:
            self._console.print(
                f"Starting the workers (the first time they compile: a minute or two; log: {log}) …"
            )
            self._await_workers(settings, supervisor, log)
            yield supervisor
        finally:
            supervisor.stop()

    def _learn_past(
        self,
        admin: AdminClient,
        settings: Settings,
        supervisor: Supervisor,
        feed: Feed,
        past: list[Interaction],
    ) -> None:
        """Sends the past no faster than it is learned, and waits until all is."""
        deadline_s = time.monotonic() + CATCH_UP_S

        def left(role: str, base: str) -> int:
            return uncommitted(group_lag(admin, settings, role), base)

        with self._console.status("") as status:

            def wait(said: str) -> None:
                status.update(said)
                self._tend(supervisor)
                if time.monotonic() > deadline_s:
                    msg = f"the workers did not catch up within {CATCH_UP_S:g} s: {said}"
                    raise DemoError(msg)
                time.sleep(0.1)

            room = 0
            for sent_count in feed.past(past):
                while room < 1 and (room := PACKS_AHEAD - left("recommend", "interactions")) < 1:
                    wait(f"Learning the past, {sent_count:,} of {len(past):,} events sent")
                room -= 1
            reads = (("encode", "media"), ("recommend", "interactions"))
            while any(counts := [left(role, base) for role, base in reads]):
                wait("Catching up, messages left: {:,} media, {:,} interactions".format(*counts))

    def _live(
        self,
        watch: Watch,
        feed: Feed,
        live: list[Interaction],
        story: Story,
        supervisor: Supervisor,
    ) -> DemoResult:
        watching = threading.Thread(target=watch.run, args=(self._stop,))
        feeding = threading.Thread(target=feed.live, args=(live, self._rate, watch.sent, self._stop))
        started_s = time.monotonic()
        try:
            watching.start()
            time.sleep(1.0)
            watch.start_timing()
            feeding.start()
            started_s = time.monotonic()
            self._show(watch, story, started_s, supervisor)
        except KeyboardInterrupt:
            pass
        finally:
            elapsed_s = time.monotonic() - started_s
            self._stop.set()
            for thread in (watching, feeding):
                if thread.ident is not None:
                    thread.join()
        return _result(watch, elapsed_s, len(story.media))

    def _show(self, watch: Watch, story: Story, started_s: float, supervisor: Supervisor) -> None:
        terminal = self._console.is_terminal
        with Live(console=self._console, refresh_per_second=4, screen=False) as display:
            shown_s = 0.0
            while (elapsed_s := time.monotonic() - started_s) < self._seconds:
                self._tend(supervisor)
                if terminal:
                    display.update(view.screen(watch, story.media, elapsed_s))
                elif elapsed_s - shown_s >= 5:
                    shown_s = elapsed_s
                    self._console.print(view.headline(watch, elapsed_s))
                    for shopper in [s for s in list(watch.shoppers.values()) if s.recommendation][-2:]:
                        self._console.print("  " + view.plain(shopper, story.media), markup=False)
                time.sleep(0.25)

    def _tend(self, supervisor: Supervisor) -> None:
        if supervisor.tend() is not None:
            msg = "a worker refuses its configuration; its log says why"
            raise DemoError(msg)

    def _await_workers(self, settings: Settings, supervisor: Supervisor, log: Path) -> None:
        deadline_s = time.monotonic() + WORKERS_S
        while not have_announced(settings):
            self._tend(supervisor)
            if time.monotonic() > deadline_s:
                msg = f"the workers did not start within {WORKERS_S:g} s; see {log}"
                raise DemoError(msg)
            time.sleep(0.2)


def have_announced(settings: Settings) -> bool:
    """Whether a worker of each role is there; those that others run in the same home do not count."""
    return {worker.role for worker in read_workers(settings)} >= WORKERS.keys()


def _result(watch: Watch, elapsed_s: float, items: int) -> DemoResult:
    latencies = watch.latencies_ms
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    progress = watch.progress
    return DemoResult(
        seconds=round(elapsed_s, 1),
        events=watch.sent_count,
        lists=len(latencies),
        items=items,
        latency_ms={name: percentile(latencies, share) for name, share in shares.items()},
        standing_hit_ratio=None if progress is None else progress.standing_hit_ratio,
        popularity_hit_ratio=None if progress is None else progress.popularity_hit_ratio,
    )
