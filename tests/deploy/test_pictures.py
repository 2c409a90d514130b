"""Pictures of boards, from recorded answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from math import isnan, nan
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from deploy.dashboards import BOARDS
from deploy.dashboards.board import Board, Panel, Query, Row
from deploy.dashboards.history import History, Line, QueryError, Span
from deploy.dashboards.pictures import draw, legend, main
from deploy.dashboards.units import FORMS
from deploy.ports import free_port

SPAN = Span(1_700_000_000.0, 5.0, 4)
BOARD = Board(
    "some",
    "Some",
    (
        Row(
            "a",
            (
                Panel(
                    "With data",
                    "Good.",
                    "s",
                    (Query("one", "{{worker}} p50"), Query("two", "two")),
                ),
            ),
        ),
        Row(
            "b",
            (
                Panel("Without", "Good.", "ops", (Query("none", ""),)),
                Panel("With a reason", "Good.", "ops", (Query("none", ""),), empty_because="nobody came"),
            ),
        ),
    ),
)
PAST = {"one": [Line({"worker": "7"}, [0.1, nan, 0.3, 0.2])], "two": [Line({}, [-1.0, 0.0, 1.0, 2.0])]}


def test_panels_without_data_are_named_unless_they_say_why(tmp_path: Path) -> None:
    empty = draw(BOARD, lambda expr: PAST.get(expr, []), SPAN, tmp_path / "some.png")
    assert empty == ["Without"]


def test_lines_are_drawn_where_there_are_values(tmp_path: Path) -> None:
    assert _blue(PAST, tmp_path / "some.png") > 100
    assert _blue({}, tmp_path / "none.png") == 0


def _blue(past: dict[str, list[Line]], path: Path) -> int:
    """How many points have the colour of a chart's first line."""
    draw(BOARD, lambda expr: past.get(expr, []), SPAN, path)
    with Image.open(path) as drawn:
        red, _, blue = np.moveaxis(np.asarray(drawn.convert("RGB"), dtype=int), 2, 0)
    return int((blue - red > 100).sum())


def test_an_expression_is_asked_for_with_a_window_and_without_choice(tmp_path: Path) -> None:
    asked: list[str] = []

    def past(expr: str) -> list[Line]:
        asked.append(expr)
        return []

    draw(next(board for board in BOARDS if board.annotations), past, SPAN, tmp_path / "board.png")
    assert not [expr for expr in asked if "$" in expr]
    assert any("[20s]" in expr and 'worker=~".*"' in expr for expr in asked)
    assert any(expr.endswith("> 0") for expr in asked), "the board's annotation too"


def test_a_legend_has_labels_in_their_places() -> None:
    assert legend("{{role}} {{worker}} p99", {"role": "learn", "worker": "7"}) == "learn 7 p99"
    assert legend("{{gone}} p50", {}) == "p50"
    assert legend("{{gone}}", {"role": "learn"}) == "{'role': 'learn'}"


@pytest.mark.parametrize(
    ("unit", "value", "written"),
    [
        ("s", 0.0025, "2.5 ms"),
        ("s", 90.0, "1.5 min"),
        ("s", 0.0, "0"),
        ("percentunit", 0.123, "12.3%"),
        ("ops", 1200.0, "1.2 K ops/s"),
        ("ops", 3.0, "3 ops/s"),
        ("bytes", 3 * 1024**2, "3 MiB"),
        ("Bps", 1500.0, "1.5 kB/s"),
        ("short", 2_000_000.0, "2 Mil"),
        ("none", 0.25, "0.25"),
    ],
)
def test_numbers_are_written_as_their_unit_has_it(unit: str, value: float, written: str) -> None:
    assert FORMS[unit](value) == written


def test_every_unit_of_a_panel_can_be_written() -> None:
    assert {panel.unit for board in BOARDS for panel in board.panels} <= FORMS.keys()


class _Recorded(BaseHTTPRequestHandler):
    """Answers as Prometheus does."""

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        wrong = asked["query"] == "wrong("
        series = {
            "metric": {"worker": "7"},
            "values": [[float(asked["start"]), "1.5"], [float(asked["end"]), "NaN"]],
        }
        body = {"error": "parse error"} if wrong else {"data": {"result": [series]}}
        self.send_response(400 if wrong else 200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def recorded() -> Iterator[str]:
    """The address of a server with recorded answers."""
    server = HTTPServer(("127.0.0.1", 0), _Recorded)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_samples_are_put_at_their_moments(recorded: str) -> None:
    (line,) = History(recorded, SPAN).of("one")
    assert line.labels == {"worker": "7"}
    assert line.values[0] == 1.5
    assert all(map(isnan, line.values[1:]))


def test_a_board_that_is_asked_for_is_drawn_and_no_other(recorded: str, tmp_path: Path) -> None:
    main(recorded, tmp_path, minutes=1, board=["freshet-operations"])
    assert [path.name for path in tmp_path.iterdir()] == ["freshet-operations.png"]


def test_a_server_that_does_not_answer_ends_it_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(f"http://127.0.0.1:{free_port()}", tmp_path, minutes=1)
    assert "refused" in capsys.readouterr().err


def test_what_prometheus_refuses_is_said_with_its_reason(recorded: str) -> None:
    with pytest.raises(QueryError, match=r"parse error.* in wrong\("):
        History(recorded, SPAN).of("wrong(")


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(URLError):
        History(f"http://127.0.0.1:{free_port()}", SPAN).of("one")
