from importlib.metadata import version

import pytest

from online.arms import ArmResult
from online.learning.alarm import Alarm
from streams.cli.status import SHOWN_ALARMS, _show, _show_arms
from streams.events import DeadLetter, RefusalError
from streams.lag import READS
from streams.status import Model, Refusals, Status, WorkerStatus


def status(*alarms: Alarm, **items_behind: int) -> Status:
    model = Model(7, 1, 0.5, 0, "", None, None, 0, 0, items_behind, [], len(alarms), list(alarms))
    nothing = Refusals(0, None)
    return Status(
        [], model, applied=[], learned=[], users=0, workers=[], running=list(READS), refusals=nothing
    )


def test_a_change_of_encoder_is_told_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    _show(status())
    assert "changing" not in capsys.readouterr().out
    _show(status(image=1_234))
    told = " ".join(capsys.readouterr().out.split())
    assert "The image encoder is changing: 1,234 items have no vector of the new one yet" in told


def test_arms_are_compared_with_the_first(capsys: pytest.CaptureFixture[str]) -> None:
    compared = status()
    assert compared.model is not None
    compared.model.arms = [ArmResult("control", 400, 0.25, 0.03), ArmResult("varied", 390, 0.35, 0.04)]
    _show_arms(compared)
    shown = capsys.readouterr().out
    assert "+0.1000 ± 0.0500" in shown
    _show_arms(status())
    assert "FRESHET_ARMS" in capsys.readouterr().out


def test_the_last_alarms_of_drift_say_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    alarms = [
        Alarm(1_763_800_000_000 + n * 1000, "warm", "loss", "adwin", 3.5, 4.25, f"answer {n}")
        for n in range(SHOWN_ALARMS + 1)
    ]
    _show(status(*alarms))
    told = " ".join(capsys.readouterr().out.split())
    assert "answer 0" not in told
    assert "Drift 2025-11-22 08:26:45: loss of warm 3.500, then 4.250 (adwin); answer 5" in told


def test_versions_are_shown_and_who_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    shown = status()
    shown.workers = [WorkerStatus("learn", "7", "http://a", "0.0.9"), WorkerStatus("encode", "8", "http://b")]
    _show(shown)
    told = capsys.readouterr().out
    assert f"Freshet {version('freshet')}\n" in told
    assert "learn worker 7: Freshet 0.0.9, http://a" in told
    assert "encode worker 8: does not answer, http://b" in told


def test_a_role_without_a_worker_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    shown = status()
    _show(shown)
    assert "is running" not in capsys.readouterr().out
    shown.running = ["learn", "recommend"]
    _show(shown)
    assert "No encode worker is running: try `freshet worker encode`" in capsys.readouterr().out


def test_refused_events_are_counted_with_the_last_reason(capsys: pytest.CaptureFixture[str]) -> None:
    shown = status()
    _show(shown)
    assert "refused" not in capsys.readouterr().out
    error = RefusalError("invalid", "$.action", "Invalid enum value '[bought]'")
    letter = DeadLetter("interactions", 9, 719, 0, "u", "", True, "", error, 1_763_800_000_000)
    shown.refusals = Refusals(1_234, letter)
    _show(shown)
    told = " ".join(capsys.readouterr().out.split())
    assert "1,234 events were refused; the last at 2025-11-2" in told
    assert "interactions-9-719-0: invalid at $.action: Invalid enum value '[bought]'" in told
    shown.refusals.newest = None
    _show(shown)
    assert "1,234 events were refused\n" in capsys.readouterr().out


def test_it_is_told_of_how_many_sets_the_ratios_are(capsys: pytest.CaptureFixture[str]) -> None:
    shown = status()
    assert shown.model is not None
    shown.model.standing_hit_ratio, shown.model.popularity_hit_ratio, shown.model.sets_scored = 0.0, 0.5, 1
    _show(shown)
    told = " ".join(capsys.readouterr().out.split())
    assert "lists hit 0.000 of recent sets, popularity 0.500; 1 scored since it started" in told
