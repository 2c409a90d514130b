from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decoding import EventDecoder
from streams.events import Action, Interaction, Media
from streams.loading.events import RefusedRowError, RowEvents
from streams.loading.fields import FieldMap, RowFields
from streams.loading.rows import Row
from streams.pseudonyms import Pseudonyms, pseudonym

ACTIONS = " ".join(sorted(get_args(Action)))
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda text: text.strip())


def _events(
    event_type: type[Interaction | Media] = Interaction,
    file_name: str = "a.csv",
    literal: bool = False,
    limit_bytes: int = 1000,
    names: Pseudonyms = Pseudonyms(),  # noqa: B008  # never changes
    given: FieldMap = FieldMap(),  # noqa: B008  # as above
) -> RowEvents:
    fields = RowFields(event_type, given, None, literal=literal)
    return RowEvents(event_type, fields, file_name, limit_bytes, names.of_row)


def _row(line: int = 2, **more: object) -> Row:
    return Row(line, {"user_id": "u1", "item_id": "i1", "action": "view"} | more)


@settings(deadline=None)  # a busy machine is no error
@given(IDS, IDS, st.floats(-1e12, 1e12))
def test_what_is_made_is_what_the_topic_takes(user: str, item: str, value: float) -> None:
    made = _events().event(_row(user_id=user, item_id=item, value=str(value)))
    decoded = EventDecoder(Interaction).decode(made.value)
    assert not decoded.refusals
    event = decoded.events[0][1]
    assert (made.key, event.user_id, event.item_id, event.value) == (user, user, item, value)


def test_the_id_follows_from_file_line_and_content() -> None:
    def event_id(file_name: str, row: Row) -> str:
        return str(msgspec.json.decode(_events(file_name=file_name).event(row).value)["event_id"])

    same = event_id("a.csv", _row())
    assert event_id("a.csv", _row()) == same
    others = {event_id("b.csv", _row()), event_id("a.csv", _row(3)), event_id("a.csv", _row(value="2"))}
    assert len(others | {same}) == 4
    assert event_id("a.csv", _row(event_id="mine")) == "mine"


def test_media_are_keyed_by_item_and_null_still_removes() -> None:
    made = _events(Media, literal=True).event(Row(1, {"item_id": "i1", "title": None}))
    assert made.key == "i1"
    assert msgspec.json.decode(made.value) == {"item_id": "i1", "title": None, "schema_version": 1}


@pytest.mark.parametrize(
    ("event_type", "fields", "reason"),
    [
        (Interaction, {"user_id": "u"}, "Object missing required field `item_id`"),
        (
            Interaction,
            {"item_id": " "},
            "Expected `str` matching regex '\\\\S' - at `$.item_id`, column item_id: ' '",
        ),
        (
            Interaction,
            {"action": "bought"},
            f"Expected one of {ACTIONS}, got 'bought' - at `$.action`, column action",
        ),
        (
            Interaction,
            {"timestamp_ms": "soon"},
            "Expected a time such as 2025-01-31T09:00:00Z, or milliseconds since 1970 - at `$.timestamp_ms`, "
            "column timestamp_ms: 'soon'",
        ),
        (
            Interaction,
            {"timestamp_ms": "20250131"},
            "20250131 looks like a date written as a number: write it as 2025-01-31T00:00:00, "
            "or in JSON lines as 1738281600000 - at `$.timestamp_ms`, column timestamp_ms: '20250131'",
        ),
        (Interaction, {"user_id": "\udcff"}, "Expected UTF-8, got '\\udcff'"),
        (
            Interaction,
            {"list_id": "l" * 257},
            f"Expected `str` of length <= 256 - at `$.list_id`, column list_id: '{'l' * 27}...{'l' * 28}'",
        ),
        (Media, {"location": {"lat": "91"}}, "Expected `float` <= 90.0 - at `$.location.lat`"),
        (
            Media,
            {"location.lat": "91", "location.lon": "0"},
            "Expected `float` <= 90.0 - at `$.location.lat`, column location.lat: '91'",
        ),
        (Media, {"price": "inf"}, "Expected finite numbers - at `$.price`, column price: 'inf'"),
        (Media, {"text": "x" * 1000}, "Expected at most 1000 bytes, got 1045"),
    ],
)
def test_a_bad_row_is_refused_with_the_fields_path(
    event_type: type[Interaction | Media], fields: dict[str, Any], reason: str
) -> None:
    good = {"item_id": "i1"} if event_type is Media else {"user_id": "u1", "item_id": "i1", "action": "view"}
    row = Row(2, fields if fields == {"user_id": "u"} else good | fields)
    with pytest.raises(RefusedRowError) as caught:
        _events(event_type).event(row)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            {"sku": "t1", "title": "Green tea"},
            "Expected `float | null`, got `str` - at `$.price`, column title: 'Green tea'",
        ),
        ({"title": "7"}, "Object missing required field `item_id`: column sku is empty"),
        (
            {"sku": "t1", "lat": "91", "location.lon": "0"},
            "Expected `float` <= 90.0 - at `$.location.lat`, column lat: '91'",
        ),
        (
            {"sku": "t1", "photo": "t1.png"},
            "'t1.png' is a name: an address of a file is https:…, http:… or file:///… below "
            "FRESHET_MEDIA_FOLDER - at `$.image.url`, column photo",
        ),
    ],
)
def test_a_bad_row_is_refused_with_the_column_that_was_mapped(row: dict[str, Any], reason: str) -> None:
    columns = {"item_id": "sku", "price": "title", "location.lat": "lat", "image.url": "photo"}
    with pytest.raises(RefusedRowError) as caught:
        _events(Media, given=FieldMap(columns)).event(Row(2, row))
    assert str(caught.value) == reason


def test_a_value_for_every_row_is_no_columns() -> None:
    given = FieldMap({}, {"location.lat": "91", "location.lon": "0"})
    with pytest.raises(RefusedRowError, match=r"at `\$\.location\.lat`$"):
        _events(Media, given=given).event(Row(2, {"item_id": "i1", "location.lat": "5"}))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"user_id": 5}, "Expected `str`, got `int` - at `$.user_id`: 5"),
        ({"typo": 1}, "Object contains unknown field `typo`"),
        ({"value": "2"}, "Expected `float`, got `str` - at `$.value`: '2'"),
        ({"timestamp_ms": "5"}, "Expected `int | null`, got `str` - at `$.timestamp_ms`: '5'"),
    ],
)
def test_a_literal_row_is_refused_where_the_topic_would_refuse_it(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RefusedRowError) as caught:
        _events(literal=True).event(_row(**fields))
    assert str(caught.value) == reason


KEY = bytes(range(32))


def test_users_of_rows_are_called_by_pseudonym_and_ids_are_made_of_nothing_else() -> None:
    named = _events(names=Pseudonyms([KEY]))
    made = named.event(_row(user_id="ann@example.org"))
    assert made.key == pseudonym("ann@example.org", KEY)
    assert b"ann" not in made.value
    # Whoever knows the file could else try ids until the event's id comes out.
    called = _events().event(_row(user_id=made.key))
    assert called == made
    assert (
        _events(Media, names=Pseudonyms([KEY])).event(Row(2, {"item_id": "ann@example.org"})).key[:3] == "ann"
    )


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"event_id": "ann@example.org-17"}, "$.event_id has the user's id in it"),
        ({"list_id": "of:ann@example.org"}, "$.list_id has the user's id in it"),
        ({"context.mail": "ann@example.org"}, "$.context has the user's id in it"),
        ({"user_id": pseudonym("bob", KEY)}, "a user's id is a pseudonym already"),
    ],
)
def test_a_row_that_would_betray_somebody_is_refused(more: dict[str, object], said: str) -> None:
    with pytest.raises(RefusedRowError, match=said.replace("$", r"\$")) as raised:
        _events(names=Pseudonyms([KEY])).event(Row(2, _row(user_id="ann@example.org").fields | more))
    assert "ann@" not in str(raised.value)


def test_an_id_within_a_longer_one_or_a_short_one_betrays_nobody() -> None:
    named = _events(names=Pseudonyms([KEY]))
    for user, event_id in (("12345", "e-1234567"), ("u1", "u1-7"), ("annie", "ann-7")):
        assert named.event(_row(user_id=user, event_id=event_id)).key == pseudonym(user, KEY)
