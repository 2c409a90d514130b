"""`freshet rules` on real Kafka: what is put is what is shown, and a wrong file changes nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app

GOOD = '[[rule]]\nname = "no wine"\ndo = "block"\nmatch = { category = "wine" }\n'


def test_what_is_put_is_shown_and_a_wrong_file_is_not_put(
    kafka: str, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRESHET_KAFKA", kafka)
    monkeypatch.setenv("FRESHET_TOPIC_PREFIX", topic_prefix)
    run, file = CliRunner(), tmp_path / "rules.toml"
    file.write_text(GOOD)
    missing = run.invoke(app, ["rules", "put", str(file)])
    assert (missing.exit_code, "freshet topics create" in missing.output) == (2, True)
    assert run.invoke(app, ["topics", "create"]).exit_code == 0
    nothing = run.invoke(app, ["rules", "show"])
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "no rules are in force" in nothing.stderr
    assert run.invoke(app, ["rules", "put", str(file)]).output == "1 rules are in force\n"
    file.write_text(GOOD.replace("block", "blok"))
    refused = run.invoke(app, ["rules", "put", str(file)])
    assert (refused.exit_code, "line 3" in refused.output) == (2, True)
    assert run.invoke(app, ["rules", "show"]).output == GOOD
