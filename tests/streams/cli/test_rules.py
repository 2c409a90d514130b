from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app

GOOD = '[[rule]]\nname = "no wine"\ndo = "block"\nmatch = { category = "wine" }\n'


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (GOOD, 0, "1 rules"),
        ("", 0, "0 rules"),
        (GOOD.replace("block", "blok"), 2, "line 3, rule 1"),
        (GOOD + "[[rule]", 2, "line 5"),
    ],
)
def test_a_file_is_checked_without_kafka(tmp_path: Path, text: str, code: int, says: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    done = CliRunner().invoke(app, ["rules", "check", str(file)])
    assert (done.exit_code, says in done.output) == (code, True), done.output
    assert done.output.count("\n") == 1
