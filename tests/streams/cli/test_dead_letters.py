import json
from base64 import b64encode
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams import letter_reader
from streams.cli import app
from streams.events import DeadLetter, RefusalError
from streams.letter_reader import Query, Show
from streams.settings import Settings

VALUE = b'{"price":"free\x1b[2J"}'
LETTER = DeadLetter(
    "media",
    1,
    17,
    2,
    "i1",
    b64encode(VALUE).decode(),
    False,
    "abc",
    RefusalError("invalid", "$.price", "Expected `float`, got `str`\x1b[2J"),
    1_763_800_000_000,
    30,
)
REASON = "media-1-17-2 invalid at $.price: Expected `float`, got `str`\N{REPLACEMENT CHARACTER}[2J"


def _asked(monkeypatch: pytest.MonkeyPatch, *arguments: str, letters: int = 1) -> tuple[Result, list[Query]]:
    asked: list[Query] = []

    async def read(_settings: Settings, query: Query, show: Show) -> int:
        asked.append(query)
        for _ in range(letters):
            show(LETTER)
        return letters

    monkeypatch.setattr(letter_reader, "read_letters", read)
    return CliRunner().invoke(app, ["dead-letters", *arguments], catch_exceptions=False), asked


def test_a_refused_event_is_a_line_that_cannot_steer_the_terminal_and_has_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result, asked = _asked(monkeypatch)
    assert (result.exit_code, asked) == (0, [Query(20, None, None, False)])
    (line,) = result.stdout.splitlines()
    assert line.startswith("2025-11-2")
    assert line.endswith(REASON)


def test_its_content_is_shown_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = _asked(monkeypatch, "--content")
    assert result.stdout.splitlines()[1] == '  key i1: {"price":"free\N{REPLACEMENT CHARACTER}[2J"}'


def test_letters_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.clock.now_ms", lambda: 600_000)
    _, (query,) = _asked(monkeypatch, "--last", "3", "--since", "5", "--topic", "media", "--follow")
    assert query == Query(3, 300_000, "media", True)


@pytest.mark.parametrize("content", [False, True])
def test_as_json_one_is_a_line_without_what_was_sent_unless_that_is_asked_for(
    content: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "letters"
    result, _ = _asked(monkeypatch, "--json", str(file), *(["--content"] if content else []), letters=2)
    assert REASON in result.stdout
    first, second = map(json.loads, file.read_text().splitlines())
    assert first == second
    assert (first["topic"], first["offset"], first["error"]["path"]) == ("media", 17, "$.price")
    said = [first[name] for name in ("key", "value_b64", "truncated", "sha256")]
    assert said == (["i1", LETTER.value_b64, False, "abc"] if content else [None, "", True, ""])
    printed, _ = _asked(monkeypatch, "--json", "-")
    assert printed.stdout.count("\n") == 1
    assert json.loads(printed.stdout)["index"] == 2


def test_where_none_was_refused_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = _asked(monkeypatch, letters=0)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "freshet: no event was refused, as far as was looked\n"
