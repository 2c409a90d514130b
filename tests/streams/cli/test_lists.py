import io

import pytest
from rich.console import Console
from typer.testing import CliRunner

from streams import list_reader
from streams.cli import app
from streams.cli.list_table import items_table, list_table
from streams.events import Cause, ListItem, Reason, Recommendation, Through
from streams.follower import Record
from streams.newest import Titles

LIST = Recommendation(
    user_id="u1",
    list_id="l1",
    generated_ms=1_763_800_000_000,
    model_version=7,
    cause=Cause("interaction", "e-1", "interactions", 3, 88, 0),
    through=Through(3, 88, 2),
    arm="default",
    items=[
        ListItem("i4", 1, 0.83, None, "graph", [Reason("because_of_item", "i9", None, 0.6)]),
        ListItem(
            "i5",
            2,
            0.5,
            None,
            "trending",
            [Reason("modality", None, "image", 0.3), Reason("recently_popular")],
        ),
    ],
)


def _shown(titles: dict[str, str], now_ms: int) -> str:
    known = Titles()
    for key, title in titles.items():
        known.take(Record(0, 0, key.encode(), b'{"title":"%s"}' % title.encode(), 0, {}))
    out = io.StringIO()
    Console(file=out, width=200).print(list_table(LIST, known, now_ms))
    return out.getvalue()


def test_a_list_says_for_whom_how_old_why_and_up_to_which_event() -> None:
    heading = _shown({}, LIST.generated_ms + 90_000).splitlines()[0]
    assert heading.startswith("u1: 2025-11-2")
    assert "1.5 min old, because of interaction e-1 (interactions 3@88); through 3@88.2; model 7" in heading


def test_items_have_titles_where_known_and_reasons_name_them() -> None:
    lines = _shown({"i4": "Bread", "i9": "Milk"}, LIST.generated_ms).splitlines()
    assert lines[2].split() == ["1", "i4", "Bread", "0.83", "graph", "Milk", "60%"]
    assert lines[3].split() == ["2", "i5", "0.5", "trending", "image", "30%,", "recently", "popular", "0%"]


@pytest.mark.parametrize("width", [40, 80])
def test_an_id_is_whole_however_narrow_the_terminal(width: int) -> None:
    ids = [f"3f2504e0-4f89-41d3-9a0c-{number:012d}" for number in (1, 2)]
    items = [ListItem(item_id, 1, 0.25, None, "graph", []) for item_id in ids]
    out = io.StringIO()
    Console(file=out, width=width).print(items_table(items, Titles()))
    second = "".join(line[3:].split(" ")[0] for line in out.getvalue().splitlines()[1:])
    assert second.removeprefix("item") == "".join(ids)


def test_a_title_is_neither_markup_nor_steers_the_terminal() -> None:
    shown = _shown({"i4": "[red]x\\u001b[2J"}, LIST.generated_ms)
    assert "[red]x\N{REPLACEMENT CHARACTER}[2J" in shown


def test_where_nobody_has_a_list_it_is_said_when_lists_come(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read_nothing(*_: object) -> int:
        return 0

    monkeypatch.setattr(list_reader, "read_lists", read_nothing)
    result = CliRunner().invoke(app, ["lists"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "freshet: no list has been published yet: each user's comes with their first event, from a running "
        "recommend worker\n"
    )
