import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from online.evaluation.loading import Columns, parse_columns, read_items, read_stream
from online.evaluation.stream import ItemText
from online.evaluation.tables import InputError

COLUMNS = Columns("user", "item", "at", "stars")


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.csv"
    path.write_text("user,item,stars,at\n007,a,4,10\n7,b,5,12\n")
    return path


def test_ids_stay_text_and_seconds_become_milliseconds(ratings: Path) -> None:
    stream = read_stream(ratings, COLUMNS, "s", {})
    assert stream.user_ids == ["007", "7"]
    assert stream.timestamps_ms.tolist() == [10_000, 12_000]
    assert stream.values.tolist() == [4.0, 5.0]
    assert stream.action == "rate"


def test_parquet_and_csv_are_the_same_stream(ratings: Path, tmp_path: Path) -> None:
    table = pa.table({"user": ["007", "7"], "item": ["a", "b"], "stars": [4, 5], "at": [10_000, 12_000]})
    path = tmp_path / "ratings.parquet"
    pyarrow.parquet.write_table(table, path)
    assert read_stream(path, COLUMNS, "ms", {}).digest() == read_stream(ratings, COLUMNS, "s", {}).digest()


def test_dates_and_times_need_no_unit(tmp_path: Path) -> None:
    path = tmp_path / "views.csv"
    path.write_text("user,item,at\nu,a,1970-01-01 00:00:10\nu,b,1970-01-01T00:00:12\n")
    assert read_stream(path, Columns("user", "item", "at"), "ms", {}).timestamps_ms.tolist() == [
        10_000,
        12_000,
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("user,item,stars,at\n", "has no rows"),
        ("user,item,stars\nu,a,1\n", "has no column 'at'; its columns are user, item, stars"),
        ("user,item,stars,at\nu,a,1,10\nu,b,1,noon\n", "row 2 has at = 'noon', expected seconds since 1970"),
        ("user,item,stars,at\nu,a,1,\n", "row 1 has at = ''"),
        (
            "user,item,stars,at\nu,a,1e12,1\nu,b,-1.1e12,2\n",
            "row 2 has stars = -1.1e12, expected a number from -1e+12 to 1e+12",
        ),
        ("user,item,stars,at\nu,a,good,1\n", "row 1 has stars = 'good', expected a finite number"),
        ("user,item,stars,at\nu,,1,1\n", "row 1 has no item"),
        ("user,item,stars,at\nu,a\n", "is not readable as CSV"),
        (
            "user,item,stars,at,user\nu,a,1,1,u\n",
            "has 2 columns 'user'; its columns are user, item, stars, at, user",
        ),
        ("user,item,stars,at\nu,a,3,1\nu,b,good,2\n", "row 2 has stars = 'good', expected a finite number"),
        (
            "user,item,stars,at\nu,a,3,2025-01-01\nu,b,3,unknown\n",
            "row 2 has at = 'unknown', expected seconds",
        ),
        (
            "user,item,stars,at\nu,a,3,1\nu,b,3,1740000000000\n",
            "row 2 has at = 1740000000000, expected a time from",
        ),
        ("user,item,stars,at\nu,a,3,1740000000000\n", "are these milliseconds (--timestamp-unit ms)?"),
        ("user,item,stars,at\nu,a,3,1\nu,b,3,1969-12-31 10:00\n", "row 2 has at = '1969-12-31 10:00'"),
        ("user,item,stars,at\nu,a,3,1969-12-31\n", "row 1 has at = 1969-12-31, expected a time from 1970"),
        ("user,item,stars,at\nu,a,3,2999-12-31\n", "row 1 has at = 2999-12-31, expected a time from 1970"),
        (
            'user,item,stars,at\nu,a,3,1\nu,"b,3,1\nu,c,3,1\n',
            "row of line 3 opens a quote that is not closed",
        ),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        read_stream(path, COLUMNS, "s", {})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "times",
    [
        pa.array([86_400, 90_000], pa.int32()),
        pa.array(["1970-01-02", "1970-01-02T02:00:00+01:00"]),
        pa.array(["1970-01-02T00:00:00Z", "19700102T010000Z"]),
        pa.array(["1970-01-02 00:00", "1970-01-02 01:00"]),
        pa.array([86_400_000_000, 90_000_000_000], pa.timestamp("us")),
        pa.array([86_400_000_000_000, 90_000_000_000_000], pa.timestamp("ns", "Asia/Tokyo")),
        pa.array([Decimal("86400.000"), Decimal("90000.000")]),
    ],
    ids=str,
)
def test_times_are_read_however_they_are_written(tmp_path: Path, times: "pa.Array[Any]") -> None:
    table = pa.table({"user": ["u", "u"], "item": ["a", "b"], "at": times})
    pyarrow.parquet.write_table(table, tmp_path / "views.parquet")
    stream = read_stream(tmp_path / "views.parquet", Columns("user", "item", "at"), "s", {})
    assert stream.timestamps_ms.tolist() == [86_400_000, 90_000_000]


def test_dates_of_parquet_are_their_first_moment(tmp_path: Path) -> None:
    table = pa.table({"user": ["u"], "item": ["a"], "at": pa.array([1], pa.date32())})
    pyarrow.parquet.write_table(table, tmp_path / "views.PARQUET")
    stream = read_stream(tmp_path / "views.PARQUET", Columns("user", "item", "at"), "s", {})
    assert stream.timestamps_ms.tolist() == [86_400_000]


def test_a_compressed_file_with_a_mark_and_quotes_is_the_same_stream(ratings: Path, tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv.gz"
    text = 'user,item,stars,at,note\n"007",a,4,10,"5"" screen\nof it"\n7,b, 5 ,12,5" alone\n'
    path.write_bytes(gzip.compress(text.encode("utf-8-sig")))
    assert read_stream(path, COLUMNS, "s", {}).digest() == read_stream(ratings, COLUMNS, "s", {}).digest()


def test_only_what_is_used_has_to_be_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_bytes("item,title,shelf\na,Tea,Café\nb,Café,\n".encode("latin-1"))
    assert read_items(path, "item", [], None, None).keys() == {"a", "b"}
    with pytest.raises(InputError, match="row 2, title is not UTF-8; try: iconv"):
        read_items(path, "item", ["title"], None, None)


def test_lists_are_categories_and_structs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.parquet"
    table = pa.table({"item": ["a", "b"], "genres": [["Drama", "War"], None], "size": [{"cm": 1}, {"cm": 2}]})
    pyarrow.parquet.write_table(table, path)
    items = read_items(path, "item", [], None, None)
    assert [items[item_id].categories for item_id in "ab"] == [("Drama", "War"), ()]
    with pytest.raises(InputError, match=r"column size is of type struct<cm: int64>, expected text"):
        read_items(path, "item", ["size"], None, None)


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.large_string()), pa.list_(pa.string(), 2)]
)
def test_lists_of_any_layout_are_categories(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "items.parquet"
    pyarrow.parquet.write_table(pa.table({"item": ["a"], "genres": pa.array([["Drama", "War"]], kind)}), path)
    assert read_items(path, "item", [], None, None)["a"].categories == ("Drama", "War")


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_spaces_around_a_number_are_none_of_it(tmp_path: Path, kind: pa.DataType) -> None:
    path = tmp_path / "ratings.parquet"
    table = {"user": ["a"], "item": ["b"], "at": pa.array([" 12 "], kind), "stars": pa.array([" 3"], kind)}
    pyarrow.parquet.write_table(pa.table(table), path)
    stream = read_stream(path, COLUMNS, "s", {})
    assert (stream.timestamps_ms.tolist(), stream.values.tolist()) == ([12_000], [3.0])


def test_an_item_in_two_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item,title\na,Tea\nb,Tee\na,Thé\n")
    with pytest.raises(InputError, match="item 'a' is in more than one row"):
        read_items(path, "item", ["title"], None, None)


def test_items_of_which_the_interactions_have_none_are_refused(ratings: Path) -> None:
    with pytest.raises(InputError, match="for instance 'a' here, 'A' there"):
        read_stream(ratings, COLUMNS, "s", {"A": ItemText("Tea", "Tea")})


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, expected a file"):
        read_stream(tmp_path, COLUMNS, "s", {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv: no such file"):
        read_stream(tmp_path / "nothing.csv", COLUMNS, "s", {})


def test_a_mapping_names_columns() -> None:
    assert parse_columns("user_id=user,item_id=item,timestamp=at,value=stars") == COLUMNS


def test_what_a_mapping_leaves_out_is_named_alike() -> None:
    assert parse_columns("timestamp=at") == Columns("user_id", "item_id", "at")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("user_id=u,item_id=", "expected some of user_id="),
        ("user_id=u,item_id=i,timestamp=t,colour=c", "expected some of user_id="),
        ("user_id,item_id=i,timestamp=t", "expected some of user_id="),
        ("user_id=u,user_id=v,item_id=i,timestamp=t", "expected some of user_id="),
    ],
)
def test_a_wrong_mapping_is_refused(mapping: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_columns(mapping)


def test_items_have_texts_categories_and_pictures(tmp_path: Path) -> None:
    (tmp_path / "posters").mkdir()
    (tmp_path / "posters" / "a.jpg").write_bytes(b"drawn")
    path = tmp_path / "items.csv"
    path.write_text('item,title,genres,plot\na,Heat,Crime|War,"Two men,\none town"\nb,,,\n')
    items = read_items(path, "item", ["title", "plot"], None, "posters/{item_id}.jpg")
    assert items["a"].title == "Heat"
    assert items["a"].text == "Heat\nTwo men,\none town"
    assert items["a"].categories == ("Crime", "War")
    assert items["a"].modalities == "text+image"
    assert items["b"].modalities == "none"


def test_a_pattern_that_finds_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.csv"
    path.write_text("item,title\na,Heat\n")
    with pytest.raises(InputError, match="no picture of 1 items"):
        read_items(path, "item", ["title"], None, "elsewhere/{item_id}.jpg")
