from typer.testing import CliRunner

from streams.cli import app


def test_help_says_that_lists_are_published_with_users_events() -> None:
    shown = " ".join(CliRunner().invoke(app, ["train", "--help"]).output.split())
    assert "answer requests from them at once, and publish a user's list with their next event" in shown
