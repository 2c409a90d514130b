import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from streams.supervisor import EXIT_CONFIGURATION, RESTART_LIMIT_S, STOP_S, Supervisor
from streams.supervisor import supervise as supervise_until_stopped


class FakeProcess:
    """A child that ends when a test says so, or when it is asked to, unless it is stubborn."""

    def __init__(self, world: "World", command: list[str], env: dict[str, str]) -> None:
        self.world, self.command, self.env = world, command, env
        self.pid = 1000
        self.code: int | None = None
        self.signals: list[int] = []
        self.stubborn = False

    @property
    def role(self) -> str:
        return self.command[self.command.index("worker") + 1]

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.signals.append(signal.SIGTERM)
        if not self.stubborn:
            self.code = 0

    def kill(self) -> None:
        self.signals.append(signal.SIGKILL)
        self.code = -9

    def wait(self, timeout: float | None = None) -> int:
        if self.code is None:
            assert timeout is not None, "it would be waited for for ever"
            self.world.now_s += timeout
            raise subprocess.TimeoutExpired(self.command, timeout)
        return self.code


class World:
    """The processes that were started, and the clock."""

    def __init__(self) -> None:
        self.started: list[FakeProcess] = []
        self.now_s = 1_000.0

    def popen(self, command: list[str], env: dict[str, str], **_options: Any) -> FakeProcess:  # noqa: ANN401
        self.started.append(FakeProcess(self, command, env))
        return self.started[-1]

    def roles(self) -> list[str]:
        return [process.role for process in self.started]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr("streams.supervisor.subprocess.Popen", made.popen)
    monkeypatch.setattr("streams.supervisor.time.monotonic", lambda: made.now_s)
    return made


def supervise(counts: dict[str, int], **environ: str) -> Supervisor:
    made = Supervisor(counts, environ)
    made.start()
    return made


def test_each_worker_has_a_name_of_its_own_that_stays(world: World) -> None:
    supervisor = supervise({"learn": 1, "recommend": 2}, FRESHET_KAFKA="k:1")
    names = [process.env["FRESHET_INSTANCE"] for process in world.started]
    assert world.roles() == ["learn", "recommend", "recommend"]
    assert len(set(names)) == 3
    assert {process.env["FRESHET_KAFKA"] for process in world.started} == {"k:1"}
    world.started[1].code = -9
    supervisor.tend()
    world.now_s += 1
    assert supervisor.tend() is None
    assert world.started[3].env["FRESHET_INSTANCE"] == names[1]


def test_what_dies_is_started_again_ever_later_while_it_keeps_dying(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor = supervise({"learn": 1})
    waited = []
    for _ in range(8):
        world.started[-1].code = 1
        count, died_s = len(world.started), world.now_s
        while len(world.started) == count:
            assert supervisor.tend() is None
            world.now_s += 0.5
        waited.append(world.now_s - 0.5 - died_s)
    assert waited == [0.5, 1.5, 3.5, 7.5, 15.5, RESTART_LIMIT_S, RESTART_LIMIT_S, RESTART_LIMIT_S]
    assert capsys.readouterr().err == "freshet: learn worker 1000 ended with 1, starting another\n" * 8


def test_one_that_had_lived_long_is_started_at_once(world: World) -> None:
    supervisor = supervise({"learn": 1})
    world.now_s += RESTART_LIMIT_S + 1
    world.started[0].code = -9
    supervisor.tend()
    assert len(world.started) == 2


@pytest.mark.parametrize("code", [0, 1, 3, 75, -9])
def test_any_end_but_refused_settings_is_followed_by_another_start(world: World, code: int) -> None:
    supervisor = supervise({"learn": 1, "encode": 1})
    world.started[0].code = code
    assert supervisor.tend() is None
    world.now_s += 1
    supervisor.tend()
    assert world.roles() == ["learn", "encode", "learn"]


def test_refused_settings_end_it_all(world: World) -> None:
    supervisor = supervise({"learn": 1, "encode": 1})
    world.started[0].code = EXIT_CONFIGURATION
    assert supervisor.tend() == 2
    supervisor.stop()
    assert len(world.started) == 2
    assert world.started[1].signals == [signal.SIGTERM]


def test_who_does_not_stop_is_killed_and_all_have_the_same_time_for_it(world: World) -> None:
    supervisor, started_s = supervise({"learn": 1, "encode": 1, "recommend": 1}), world.now_s
    world.started[0].stubborn = world.started[1].stubborn = True
    supervisor.stop()
    assert [process.signals for process in world.started] == [
        [signal.SIGTERM, signal.SIGKILL],
        [signal.SIGTERM, signal.SIGKILL],
        [signal.SIGTERM],
    ]
    assert STOP_S <= world.now_s - started_s < STOP_S + 1


def test_workers_come_and_go_by_slot(world: World) -> None:
    supervisor = supervise({"recommend": 1})
    slot = supervisor.add("recommend")
    assert len(supervisor.pids("recommend")) == 2
    world.started[0].code = 1
    assert len(supervisor.pids("recommend")) == 1
    supervisor.remove(slot)
    assert world.started[1].signals == [signal.SIGTERM]
    assert supervisor.pids("recommend") == []
    for _ in range(3):
        assert supervisor.tend() is None
        world.now_s += RESTART_LIMIT_S
    # The one that died has a successor, the one that was removed has none.
    assert len(world.started) == 3
    assert len(supervisor.pids("recommend")) == 1


def test_a_slot_that_comes_while_another_thread_tends_gets_one_process(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = supervise({"recommend": 1})
    tending = threading.Thread(target=supervisor.tend)

    def slow(command: list[str], env: dict[str, str], **_options: Any) -> FakeProcess:  # noqa: ANN401
        if not tending.ident:
            tending.start()
            tending.join(0.2)
        return world.popen(command, env)

    monkeypatch.setattr("streams.supervisor.subprocess.Popen", slow)
    supervisor.add("recommend")
    tending.join()
    assert world.roles() == ["recommend", "recommend"]


def test_all_are_ready_when_each_living_worker_says_so(world: World) -> None:
    supervisor = supervise({"learn": 1, "recommend": 1})
    ready = {"learn"}

    def are_ready() -> bool:
        return supervisor.are_ready(lambda role, pid: role in ready and pid == 1000)

    assert not are_ready()
    ready.add("recommend")
    assert are_ready()
    world.started[0].code = -9
    assert not are_ready()
    supervisor.tend()
    assert not are_ready()


def test_it_says_that_workers_start_and_once_that_all_are_ready(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    turns: list[float] = []
    handlers: dict[int, Any] = {}

    def sleep(pause_s: float) -> None:
        turns.append(pause_s)
        if len(turns) == 5:
            handlers[signal.SIGTERM](signal.SIGTERM, None)

    monkeypatch.setattr("streams.supervisor.time.sleep", sleep)
    monkeypatch.setattr("streams.supervisor.signal.signal", handlers.__setitem__)
    assert supervise_until_stopped({"learn": 1}, {}, lambda _role, _pid: len(turns) > 2) == 0
    assert world.roles() == ["learn"]
    assert capsys.readouterr().err.splitlines() == [
        "freshet: starting the workers (the first time they compile: a minute or two)",
        "freshet: all workers are ready",
    ]


def test_a_given_metrics_port_is_the_firsts_and_the_next_ports_the_others(world: World) -> None:
    supervise({"encode": 1, "recommend": 2}, FRESHET_METRICS_PORT="9100")
    assert [process.env["FRESHET_METRICS_PORT"] for process in world.started] == ["9100", "9101", "9102"]


def test_their_standard_error_goes_to_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(
        "streams.supervisor.subprocess.Popen", lambda *_args, **options: given.append(options["stderr"])
    )
    Supervisor({"learn": 1}, {}, tmp_path / "log").start()
    assert isinstance(given[0], int)
    assert (tmp_path / "log").exists()
