from typer.testing import CliRunner

from streams.cli import app


def test_help_says_that_lists_are_published_at_once() -> None:
    shown = " ".join(CliRunner().invoke(app, ["train", "--help"]).output.split())
    assert "answer requests from them, and publish every user's list, at once" in shown
