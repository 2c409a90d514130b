import pytest

from encoders.content import ENTRY_LIMIT, content_hash, item_text
from encoders.text import RAW_LIMIT, prepare_text


def test_item_text_puts_short_fields_first() -> None:
    document = {
        "item_id": "i1",
        "title": "Trail <b>shoe</b>",
        "text": "Light &amp; dry.",
        "category": "shoes",
        "tags": ["run", "blue", "run"],
        "attributes": {"size": 42, "brand": "Acme", "vegan": True, "sold out": False, "note": None},
        "price": 9.5,
    }
    assert item_text(document) == ("Trail shoe\nshoes\nblue, run\nbrand: Acme; size: 42; vegan\nLight & dry.")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"item_id": "i1", "price": 3.0},
        {"title": None, "text": "", "tags": [], "attributes": {}},
        {"title": ["no"], "tags": {"no": 1}, "attributes": "no", "category": True},
    ],
)
def test_item_text_of_nothing_is_empty(document: dict[str, object]) -> None:
    assert item_text(document) == ""


def test_an_open_comment_swallows_its_own_field_only() -> None:
    assert item_text({"title": "a <!-- b", "text": "c"}) == "a\nc"


def test_what_is_no_markup_any_more_is_not_taken_for_it_by_an_encoder() -> None:
    document = {"title": "The &lt;script&gt; tag", "tags": ["&lt;!-- --&gt;"], "text": "AT&amp;amp;T"}
    assert prepare_text(item_text(document)) == "The <script> tag <!-- --> AT&amp;T"
    assert item_text({"title": "x &lt; y &amp; z"}) == "x < y & z"


def test_of_lists_without_end_so_much_is_read_as_counts() -> None:
    many = [f"tag{number}" for number in range(3 * ENTRY_LIMIT)]
    assert item_text({"tags": many}).count("tag") == ENTRY_LIMIT
    assert item_text({"attributes": dict.fromkeys(many, 1)}).count("tag") == ENTRY_LIMIT
    long = [letter * RAW_LIMIT for letter in "abc"]
    assert set(item_text({"tags": long})) == {"a"}
    assert item_text({"attributes": dict(zip("xyz", long, strict=True))}).startswith("x: a")
    assert ";" not in item_text({"attributes": dict(zip("xyz", long, strict=True))})


def test_order_without_meaning_changes_nothing() -> None:
    first = {"tags": ["x", "y"], "attributes": {"a": "1", "b": "2"}}
    second = {"attributes": {"b": "2", "a": "1"}, "tags": ["y", "x"]}
    assert item_text(first) == item_text(second)
    assert content_hash({"a": 1, "b": [2]}) == content_hash({"b": [2], "a": 1})


def test_content_hash_is_the_same_for_ever() -> None:
    assert content_hash("Grüße") == GREETING_HASH
    assert content_hash(b"Gr") != content_hash("Gr")
    values: list[object] = ["", None, 0, False, [], {}, b"", "\ud800"]
    assert len(set(map(content_hash, values))) == len(values)


def test_content_hash_refuses_what_json_has_not() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_hash({"price": float("nan")})
    with pytest.raises(TypeError, match="set"):
        content_hash({1, 2})


GREETING_HASH = "f32252c950128c715c20b807e806b6d0"
