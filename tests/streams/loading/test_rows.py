import datetime
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streams.loading.rows import BadRow, Row, RowsError, open_rows


def _rows(path: Path) -> list[Row | BadRow]:
    with open_rows(str(path)) as rows:
        return list(rows)


def test_json_lines_come_as_they_are_and_a_bad_line_spoils_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": null}\n\n{oops\n5\n{"b": "\xff"}\n' + b'{"a":' * 5000 + b'\n{"c": [1]}')
    rows = _rows(path)
    assert [row for row in rows if isinstance(row, Row)] == [Row(1, {"a": None}), Row(7, {"c": [1]})]
    assert [row.line for row in rows if isinstance(row, BadRow)] == [3, 4, 5, 6]


def test_json_lines_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"a": 1}\n\ufeff{"a": 2}\n', encoding="utf-8")
    rows = _rows(path)
    assert rows[0] == Row(1, {"a": 1})
    assert isinstance(rows[1], BadRow)


def test_standard_input_is_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'{"a": 1}\n')))
    with open_rows("-") as rows:
        assert list(rows) == [Row(1, {"a": 1})]
        assert rows.read_ratio() is None


def test_csv_lines_are_counted_as_an_editor_counts_them_and_empty_cells_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    path.write_text('\ufeffa,b\n"two\nlines",1\n,2\n\n1,2,3\n"x"y,1\nlast,\n', encoding="utf-8")
    rows = _rows(path)
    assert rows[:3] == [
        Row(2, {"a": "two\nlines", "b": "1"}),
        Row(4, {"b": "2"}),
        BadRow(6, "Expected 2 cells as in the header, got 3"),
    ]
    assert isinstance(rows[3], BadRow)
    assert rows[3].line == 7
    assert rows[4:] == [Row(8, {"a": "last"})]


@pytest.mark.parametrize(
    ("rest", "reason", "after"),
    [
        ('"5 stars\nu2,ok\nu3,ok\n', ": the 2 lines after this one were not read", []),
        ('"5 stars\nu2,ok\nu3,"ok"\nu4,ok\n', ": the 2 lines after this one were not read", [5]),
        ('"5 stars\n', "", []),
    ],
)
def test_a_quote_that_is_not_closed_is_said_with_the_lines_that_it_takes(
    tmp_path: Path, rest: str, reason: str, after: list[int]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"user_id,note\nu1,{rest}")
    bad, *others = _rows(path)
    assert bad == BadRow(2, f"the row opens a quote that is not closed in its place{reason}")
    assert [row.line for row in others] == after


def test_parquet_times_are_utc_and_null_and_nan_are_absent(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    noon = datetime.datetime(2024, 1, 1, 12, tzinfo=datetime.UTC)
    table = pa.table(
        {
            "naive": pa.array([1_704_110_400_000_000_000], pa.timestamp("ns")),
            "zoned": pa.array([1_704_110_400], pa.timestamp("s", tz="America/New_York")),
            "day": pa.array([datetime.date(2024, 1, 1)]),
            "value": [float("nan")],
            "nothing": pa.array([None], pa.string()),
            "tags": [["a", "b"]],
        }
    )
    pq.write_table(table, path)
    midnight = noon.replace(hour=0)
    assert _rows(path) == [Row(1, {"naive": noon, "zoned": noon, "day": midnight, "tags": ["a", "b"]})]


def test_how_much_is_read_goes_from_nothing_to_all(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": list(range(10))}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text("a\n" + "1\n" * 10)
    (tmp_path / "a.jsonl").write_text('{"a":1}\n' * 10)
    for path in tmp_path.iterdir():
        with open_rows(str(path)) as rows:
            ratios = [rows.read_ratio() or 0.0 for _ in rows]
            assert ratios == sorted(ratios)
            assert rows.read_ratio() == 1.0


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", b"", "unknown kind of file, expected one of .jsonl .ndjson .json .csv .parquet"),
        ("a.csv", b"", "different column names, got nothing"),
        ("a.csv", b"a,b,a\n", "different column names, got a,b,a"),
        ("a.parquet", b"no", "cannot be read as parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes, text: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RowsError, match=text) as caught, open_rows(str(tmp_path / name)):
        pass
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)
