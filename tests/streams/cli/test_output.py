from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app


@pytest.mark.parametrize(("target", "said"), [("none/found.json", "cannot be written"), (".", "is a folder")])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_measured(
    target: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("online.recommender.Recommender.fold", lambda *_: pytest.fail("it was measured"))
    result = CliRunner().invoke(app, ["bench", "ids", "--ids", "1000000", "--json", target])
    assert result.exit_code == 2
    assert said in result.output
