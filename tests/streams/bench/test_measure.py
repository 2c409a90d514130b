"""What is sent, by which process, and what a list that was seen says."""

import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from streams.bench import requests, subjects
from streams.bench.matching import Place
from streams.bench.measure import Load, _child, plan_of
from streams.bench.observer import _seen
from streams.bench.subjects import Subject, freshet
from streams.bench.workload import Workload
from streams.events import Interaction
from streams.settings import Settings

LOAD = Load(50, 60, 7)


def subject(name: str) -> Subject:
    return Subject(name, f"{name}-interactions", f"{name}-recommendations", dict, lambda: False, Path())


def drawn(of: Subject, load: Load = LOAD) -> list[Interaction]:
    plan = plan_of(of, load, 40, 10.0)
    return list(Workload(plan.users, plan.items, plan.seed, plan.tag).interactions(plan.count))


def test_a_seed_sends_every_subject_the_same_events_in_every_run_and_each_stretch_others() -> None:
    one, other = subject("freshet"), subject("quixstreams")
    first, second = drawn(one), drawn(one)
    assert [drawn(other), drawn(other)] == [first, second]
    assert not {event.event_id for event in first} & {event.event_id for event in second}
    assert [event.item_id for event in first] != [event.item_id for event in second]
    assert [event.item_id for event in drawn(subject("freshet"), Load(50, 60, 8))] != [
        e.item_id for e in first
    ]


class Seen:
    """A list under the key of the message that its event came in."""

    def key(self) -> bytes:
        return b"the first of the pack"

    def value(self) -> bytes:
        return b'{"user_id": "user-3", "through": {"partition": 1, "offset": 2, "index": 3}, "items": []}'

    def timestamp(self) -> tuple[int, int]:
        return 2, 1_000


def test_a_list_is_its_users_whatever_its_key() -> None:
    message: Any = Seen()
    found = _seen(message, 1_010)
    assert (found.user, found.through, found.timestamp_ms) == (b"user-3", Place(1, 2, 3), 1_000)


def say_what_ctrl_c_does(conn: Connection) -> None:
    conn.send("ready")
    conn.send(signal.getsignal(signal.SIGINT) == signal.SIG_IGN)
    conn.recv()


def test_ctrl_c_is_left_to_the_bench_itself() -> None:
    before = signal.getsignal(signal.SIGINT)
    with _child(say_what_ctrl_c_does) as (conn, _):
        assert conn.recv()
        assert signal.getsignal(signal.SIGINT) == before


def test_requests_begin_with_the_events(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[str] = []

    class Asking:
        rate_held = 5.0
        due_ms: dict[str, int] = {}  # noqa: RUF012  # as the real one has it

        def __init__(self, *_: object, **_skipped: object) -> None:
            """Nothing is asked yet."""

        def start(self) -> None:
            began.append("requests")

        def answers(self) -> dict[str, Any]:
            return {}

    def measure(*arguments: Any) -> None:  # noqa: ANN401  # as the real one's
        began.append("events")
        arguments[-1]()

    class Set:
        settings = Settings(kafka="nowhere:1")
        broker: Mapping[str, int] = MappingProxyType({})

        def __enter__(self) -> "Set":
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing is taken down."""

    monkeypatch.setattr(requests, "Asking", Asking)
    monkeypatch.setattr(requests, "measure", measure)
    monkeypatch.setattr(requests, "stage", lambda _: Set())
    monkeypatch.setattr(requests, "freshet", lambda _: Set())
    for name in ("await_first_list", "warm"):
        monkeypatch.setattr(requests, name, lambda *_: None)
    requests.measure_requests(Settings(kafka="nowhere:1"), LOAD, 5, 5, 1)
    assert began == ["events", "requests"]


def test_every_worker_of_a_role_is_waited_for_and_metered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(kafka="nowhere:1", home=tmp_path)

    class Supervisor:
        def __init__(self, *_: object) -> None:
            """Nothing is started."""

        def start(self) -> None:
            for pid in (2, 1):
                (tmp_path / "workers").mkdir(exist_ok=True)
                (tmp_path / "workers" / f"recommend-{pid}.json").touch()

        def stop(self) -> None:
            """There is nothing to stop."""

        def pids(self, _role: str) -> list[int]:
            return [1, 2]

    monkeypatch.setattr(subjects, "Supervisor", Supervisor)
    with freshet(settings, {"recommend": 2}) as found:
        assert found.pids() == {"recommend": 1, "recommend 2": 2}
