import pytest

from streams.cli.status import _show
from streams.status import Model, Status


def status(**items_behind: int) -> Status:
    model = Model(7, 1, 0.5, 0, "", None, None, 0, 0, items_behind)
    return Status(lag=[], model=model, applied=[], learned=[], users=0, workers=[])


def test_a_change_of_encoder_is_told_while_it_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    _show(status())
    assert "changing" not in capsys.readouterr().out
    _show(status(image=1_234))
    told = " ".join(capsys.readouterr().out.split())
    assert "The image encoder is changing: 1,234 items have no vector of the new one yet" in told
