from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from online.evaluation.loading import Columns, parse_columns, read_items, read_stream
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
        ("user,item,stars,at\nu,a,1,\n", "row 1 has at = None"),
        ("user,item,stars,at\nu,a,good,1\n", "row 1 has stars = 'good', expected a finite number"),
        ("user,item,stars,at\nu,,1,1\n", "row 1 has no item"),
        ("user,item,stars,at\nu,a\n", "is not readable as CSV"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        read_stream(path, COLUMNS, "s", {})
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.csv: no such file"):
        read_stream(tmp_path / "nothing.csv", COLUMNS, "s", {})


def test_a_mapping_names_columns() -> None:
    assert parse_columns("user_id=user,item_id=item,timestamp=at,value=stars") == COLUMNS


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("user_id=u,item_id=i", "timestamp is missing"),
        ("user_id=u,item_id=i,timestamp=t,colour=c", "expected user_id="),
        ("user_id,item_id=i,timestamp=t", "expected user_id="),
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
