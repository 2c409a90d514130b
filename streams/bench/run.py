"""A benchmark from start to end: each subject alone, one after the other, on one Kafka and the same events."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from typing import Any

import confluent_kafka
import msgspec

from streams.bench import report, rivals, subjects
from streams.bench.drain import drain
from streams.bench.measure import Load, await_first_list
from streams.bench.modes import Mode
from streams.bench.processes import machine
from streams.bench.report import Outcome, Setup
from streams.bench.stage import Stage, stage, warm
from streams.settings import Settings

Say = Callable[[str], None]
NO_SECURITY = "the plain loops know neither TLS nor SASL"


class Bench:
    """One run.

    Args:
        settings: Where Kafka is; without an address, a fresh one in a temporary folder.
        load: The events.
        peers: Whether the plain loops are measured too.
        say: Is told what happens.
    """

    def __init__(self, settings: Settings, load: Load, peers: bool, say: Say) -> None:
        self._settings = settings
        self._load = load
        self._peers = peers
        self._say = say
        self._machine = machine()

    def compare(self, mode: Mode) -> tuple[dict[str, Outcome], dict[str, Any]]:
        """Measures Freshet, then its bare loop, plain Faust and quixstreams.

        Returns:
            Figures by subject, in the order measured, and everything as one JSON object. A loop that does not start, or
            dies, has a reason in their place.

        Raises:
            BenchError: Freshet's workers do not start, or one dies.
            BrokerError: Kafka cannot be started.
        """
        outcomes: dict[str, Outcome] = {}
        with stage(self._settings) as place:
            outcomes[subjects.FRESHET] = self._freshet(place, mode)
            if self._peers:
                outcomes[subjects.BARE_FRESHET] = self._loop(place, mode, subjects.bare_freshet)
                outcomes[subjects.PLAIN_FAUST] = self._loop(place, mode, subjects.plain_faust)
                outcomes[subjects.QUIXSTREAMS] = self._quixstreams(place, mode)
        return outcomes, report.to_json(self._setup(), outcomes, {})

    def drain(self, events: int) -> dict[str, Any]:
        """Lets Freshet drain a backlog; everything as one JSON object.

        Raises:
            BenchError: Workers do not start, or die.
            BrokerError: Kafka cannot be started.
        """
        with stage(self._settings) as place:
            self._say(
                f"Freshet: a past for {self._load.users:,} users, then a backlog of {events:,} events …"
            )
            found = drain(place, self._load, events)
        return report.to_json(self._setup(), {}, msgspec.to_builtins(found))

    def _freshet(self, place: Stage, mode: Mode) -> Outcome:
        with subjects.freshet(place.settings) as subject:
            self._say(f"Freshet: a past for {self._load.users:,} users …")
            warm(place, subject, self._load)
            return self._measured(place, subject, mode)

    def _loop(
        self, place: Stage, mode: Mode, start: Callable[[Settings], AbstractContextManager[subjects.Subject]]
    ) -> Outcome:
        if place.settings.kafka_security_protocol != "PLAINTEXT":
            return NO_SECURITY
        with start(place.settings) as subject:
            try:
                return self._measured(place, subject, mode)
            except subjects.BenchError as exc:
                # What was measured of the others is as good without it.
                return str(exc)

    def _quixstreams(self, place: Stage, mode: Mode) -> Outcome:
        try:
            python = rivals.quixstreams_python(self._settings)
        except rivals.NoQuixstreamsError as exc:
            return str(exc)
        return self._loop(place, mode, lambda settings: subjects.quixstreams(settings, python))

    def _measured(self, place: Stage, subject: subjects.Subject, mode: Mode) -> Outcome:
        await_first_list(place.settings, subject)
        self._say(f"{subject.name}: measuring …")
        return mode(place, subject, self._load)

    def _setup(self) -> Setup:
        return Setup(
            machine=self._machine,
            load=self._load,
            settings=self._settings.model_dump(mode="json", exclude={"kafka_sasl_password", "home", "store"}),
            versions={
                "faust-streaming": version("faust-streaming"),
                "librdkafka": confluent_kafka.libversion()[0],
                "quixstreams": rivals.VERSION,
            },
        )
