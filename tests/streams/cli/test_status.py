import pytest

from online.arms import ArmResult
from streams.cli.status import _show, _show_arms
from streams.status import Model, Status


def status(**items_behind: int) -> Status:
    model = Model(7, 1, 0.5, 0, "", None, None, 0, 0, items_behind, arms=[])
    return Status(lag=[], model=model, applied=[], learned=[], users=0, workers=[])


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
