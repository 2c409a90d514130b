from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.events import Interaction, Media
from streams.loading.fields import FieldMap, MappingError, RowFields

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
NOON_MS = 1_704_110_400_000


def _fields(row: dict[str, Any], given: FieldMap | None = None, literal: bool = False) -> dict[str, Any]:
    return RowFields(Media, given or FieldMap(), None, literal=literal).fields(row)


def test_columns_are_mapped_taken_by_name_or_gathered_as_ignored() -> None:
    given = FieldMap({"user_id": "who", "list_id": "who"}, {"action": "purchase"})
    fields = RowFields(Interaction, given, ["who", "user_id", "item_id", "store"], literal=False)
    row = {"who": "u1", "user_id": "other", "item_id": "i1", "store": "s"}
    assert fields.fields(row) == {
        "user_id": "u1",
        "list_id": "u1",
        "item_id": "i1",
        "action": "purchase",
    }
    assert fields.ignored == {"user_id", "store"}


def test_a_dot_leads_into_a_nested_field() -> None:
    given = FieldMap({"attributes.brand": "brand"}, {"attributes.shop": "s1"})
    row = {"brand": "b", "location.lat": "48.1", "location.lon": "11.6"}
    assert _fields(row, given) == {
        "attributes": {"brand": "b", "shop": "s1"},
        "location": {"lat": "48.1", "lon": "11.6"},
    }
    assert _fields({"attributes": "flat", "brand": "b"}, given)["attributes"] == "flat"


def test_columns_become_what_the_field_is() -> None:
    row = {
        "item_id": 5,
        "title": 1.5,
        "tags": "a | b| |",
        "available_from_ms": NOON,
        "expires_ms": "2024-01-01T12:00",
    }
    assert _fields(row) == {
        "item_id": "5",
        "title": 1.5,
        "tags": ["a", "b"],
        "available_from_ms": NOON_MS,
        "expires_ms": NOON_MS,
    }


@pytest.mark.parametrize("literal", [True, False])
@pytest.mark.parametrize(
    ("value", "unit_ms", "expected"),
    [
        (1_704_110_400, 1000, NOON_MS),
        (1_704_110_400.25, 1000, NOON_MS + 250),
        (float(NOON_MS), 1, NOON_MS),
        (1.5, 1, 1.5),
        (True, 1000, True),
        (None, 1000, None),
        (float("inf"), 1000, float("inf")),
    ],
)
def test_numbers_in_time_fields_count_the_unit(
    value: object, unit_ms: int, expected: object, literal: bool
) -> None:
    given = FieldMap(timestamp_unit_ms=unit_ms)
    assert _fields({"timestamp_ms": value, "price": 7}, given, literal) == {
        "timestamp_ms": expected,
        "price": 7,
    }


@pytest.mark.parametrize(
    ("number", "unit_ms", "literal", "text"),
    [
        (20250101, 1, True, "2025-01-01T00:00:00, or in JSON lines as 1735689600000"),
        ("20250101", 1000, False, "2025-01-01T00:00:00, or in JSON lines as 1735689600"),
        (20250101103000.0, 1, False, "2025-01-01T10:30:00, or in JSON lines as 1735727400000"),
    ],
)
def test_a_date_written_as_a_number_is_no_time(
    number: object, unit_ms: int, literal: bool, text: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=f"looks like a date .*: write it as {text} - at `"):
        _fields({"timestamp_ms": number}, FieldMap(timestamp_unit_ms=unit_ms), literal)


@pytest.mark.parametrize("number", [0, 19891231, 20251301, 20250101.5, 202501011030, 20250101256000])
def test_other_numbers_are_times(number: float) -> None:
    assert _fields({"timestamp_ms": number}) == {"timestamp_ms": number}


def test_literal_rows_are_left_for_the_contract_to_judge() -> None:
    row = {"item_id": 5, "tags": "a|b", "timestamp_ms": "2024-01-01", "typo": 1}
    assert _fields(row, literal=True) == row


@settings(deadline=None)  # a busy machine is no error
@given(st.datetimes(min_value=datetime(1971, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis wants it so
def test_a_time_is_the_same_as_a_datetime_as_iso_text_and_in_seconds(at: datetime) -> None:
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    as_datetime = _fields({"timestamp_ms": at})["timestamp_ms"]
    assert _fields({"timestamp_ms": at.isoformat()})["timestamp_ms"] == as_datetime
    in_seconds = _fields({"timestamp_ms": str(at.timestamp())}, FieldMap(timestamp_unit_ms=1000))
    assert in_seconds["timestamp_ms"] == as_datetime


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (FieldMap({"usr_id": "a"}), "there is no field usr_id: did you mean user_id?"),
        (FieldMap({}, {"q": "a"}), "there is no field q: there are user_id, item_id, action"),
        (FieldMap({"user_id": "b"}), "user_id=b: the file has no column b; it has a"),
        (FieldMap({}, {"action": "bought"}), "action=bought: Expected one of cart click dislike"),
        (FieldMap({}, {"value": "much"}), "value=much: Expected `float`, got `str`"),
        (FieldMap({}, {"timestamp_ms": "20250101"}), "timestamp_ms=20250101: 20250101 looks like a date"),
    ],
)
def test_a_mapping_that_fits_no_row_is_refused_before_the_first(given: FieldMap, text: str) -> None:
    with pytest.raises(MappingError) as caught:
        RowFields(Interaction, given, ["a"], literal=False)
    assert str(caught.value).startswith(text)


def test_a_constant_has_the_type_of_its_field_in_literal_rows_too() -> None:
    given = FieldMap({}, {"price": "2.5", "available": "false", "tags": "a|b"})
    assert _fields({}, given, literal=True) == {"price": 2.5, "available": False, "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("field", "decimal", "expected"),
    [
        ("timestamp_ms", "1735689600000.00", 1735689600000),
        ("price", "19.90", 19.9),
        ("price", "7", 7),
        ("item_id", "12345678901234567890", "12345678901234567890"),
        ("price", "Infinity", float("inf")),
    ],
)
def test_a_databases_decimals_are_the_numbers_they_are(field: str, decimal: str, expected: object) -> None:
    assert _fields({field: Decimal(decimal)}) == {field: expected}
