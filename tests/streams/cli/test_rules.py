from pathlib import Path

import pytest
from typer.testing import CliRunner

from online.rules.rule import parse
from streams.cli import app
from tests.documents import ROOT, blocks

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


@pytest.mark.parametrize("verb", ["check", "put"])
def test_a_file_that_is_not_utf_8_is_one_line(tmp_path: Path, verb: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_bytes(GOOD.replace("wine", "rosé").encode("latin-1"))
    done = CliRunner().invoke(app, ["rules", verb, str(file)], env={"FRESHET_HOME": str(tmp_path)})
    assert (done.exit_code, done.stderr) == (
        2, f"freshet: {file}: expected UTF-8, got byte 0xe9 at offset 23\n",
    )  # fmt: skip


@pytest.mark.parametrize("verb", ["check", "put"])
def test_the_help_shows_what_a_rule_begins_with(verb: str) -> None:
    assert "TOML, a [[rule]] each" in CliRunner().invoke(app, ["rules", verb, "--help"]).stdout


def test_the_documented_file_is_one_of_rules() -> None:
    (text,) = (block.text for block in blocks(ROOT / "docs/operations.md") if block.name == "rules.toml")
    assert [rule.do for rule in parse(text)] == ["block", "pin"]
