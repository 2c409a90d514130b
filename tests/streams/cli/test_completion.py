"""Completion in a shell, as `freshet --install-completion` sets it up; and what `freshet` itself takes."""

from importlib.metadata import version

from typer.testing import CliRunner

from streams.cli import app


def _completed(words: str) -> set[str]:
    environ = {
        "_FRESHET_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    return set(CliRunner().invoke(app, [], prog_name="freshet", env=environ).stdout.split())


def test_verbs_and_options_are_completed() -> None:
    assert _completed("freshet tr") == {"trace", "train"}
    assert _completed("freshet topics ") == {"acls", "alter", "create", "check"}
    assert _completed("freshet trace --it") == {"--item"}
    assert _completed("freshet dead-") == {"dead-letters"}


def test_the_version_is_that_of_the_package() -> None:
    shown = CliRunner().invoke(app, ["--version"], prog_name="freshet")
    assert (shown.exit_code, shown.stdout) == (0, f"freshet {version('freshet')}\n")


def test_a_shell_is_told_how() -> None:
    shown = CliRunner().invoke(app, ["--show-completion", "bash"], prog_name="freshet")
    assert shown.exit_code == 0, shown.output
    assert "_FRESHET_COMPLETE=complete_bash" in shown.stdout
