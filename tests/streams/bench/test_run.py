from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from streams.bench import rivals, run, subjects
from streams.bench.measure import Load
from streams.bench.run import Bench
from streams.settings import Settings
from tests.streams.bench.test_modes import measured


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


def test_a_loop_that_dies_takes_no_figures_of_the_others_along(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def place(_settings: object) -> Iterator[Any]:
        yield type("Stage", (), {"settings": Settings(kafka="nowhere:1")})

    def started(name: str) -> Any:  # noqa: ANN401  # as the real ones start
        @contextmanager
        def start(*_: object) -> Iterator[Named]:
            yield Named(name)

        return start

    def mode(_place: object, subject: Any, _load: object) -> Any:  # noqa: ANN401  # figures
        if subject.name == "plain_faust":
            msg = "a process of plain_faust has ended"
            raise subjects.BenchError(msg)
        return measured()

    monkeypatch.setattr(run, "stage", place)
    monkeypatch.setattr(run, "warm", lambda *_: None)
    monkeypatch.setattr(run, "await_first_list", lambda *_: None)
    monkeypatch.setattr(rivals, "quixstreams_python", lambda _: "python")
    for name in ("freshet", "bare_freshet", "plain_faust", "quixstreams"):
        monkeypatch.setattr(subjects, name, started(name))
    bench = Bench(Settings(kafka="nowhere:1"), Load(1, 1, 1), True, lambda _: None)
    outcomes, found = bench.compare(mode)
    assert outcomes["plain_faust"] == "a process of plain_faust has ended"
    assert found["plain_faust"] == {"skipped": "a process of plain_faust has ended"}
    assert found["ratios"].keys() == {"bare_freshet", "quixstreams"}
