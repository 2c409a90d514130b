import pytest

from online.item import Item
from online.item_filter import Near
from online.rules.rule import Match, Rule, RulesError, Situation, When, parse

MONDAY_NOON_MS = 1_704_110_400_000
FILE = """
# What the shop wants.
[[rule]]
name = "no wine in the morning"
do = "block"
match = { category = "wine" }
when = { hours = [6, 12], utc_offset_h = 1 }

[[rule]]
name = "the week's teapot"
do = "pin"
place = 2
match = { item_ids = ["pot"] }
"""


def test_a_file_is_read_rule_by_rule() -> None:
    first, second = parse(FILE)
    assert (first.do, first.match.category, first.when.hours) == ("block", "wine", (6, 12))
    assert second == Rule("the week's teapot", "pin", Match(["pot"]), place=2)
    assert parse("") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("place = 2", "place = 0", 12, "`int` >= 1"),
        ("place = 2", "palce = 2", 12, "unknown field `palce`"),
        ("place = 2", "factor = 2.0", 12, "`factor` given, but"),
        ('do = "block"', 'do = "bloc"', 5, "bloc"),
        ('name = "the week\'s teapot"', 'name = "no wine in the morning"', 10, "another rule's too"),
        ("hours = [6, 12]", "hours = [6, 24]", 7, "<= 23"),
        ('match = { item_ids = ["pot"] }', 'match = { tag = "pot" }', 13, "one item in `match.item_ids`"),
    ],
)
def test_an_error_names_its_line(old: str, new: str, line: int, says: str) -> None:
    with pytest.raises(RulesError, match=f"^line {line}, ") as caught:
        parse(FILE.replace(old, new))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]\n", "line 1"),
        ("[rules]\n", "got rules"),
        ("rule = 1", "rule"),
        pytest.param("a = " + "[" * 10_000, "too deeply", id="deep"),
    ],
)
def test_what_is_no_file_of_rules_is_refused(text: str, says: str) -> None:
    with pytest.raises(RulesError, match=says):
        parse(text)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        (When(), True),
        (When(hours=(12, 13)), True),
        (When(hours=(13, 12)), False),
        (When(hours=(22, 13)), True),
        (When(hours=(12, 13), utc_offset_h=1), False),
        (When(days=["mon"]), True),
        (When(days=["sun"], utc_offset_h=-13), True),
        (When(days=["mon"], hours=(11, 13)), True),
        (When(days=["sun"], hours=(22, 13)), True),
        (When(days=["mon"], hours=(22, 13)), False),
        (When(days=["mon"], hours=(12, 2)), True),
        (When(context={"country": "DE"}), True),
        (When(context={"country": "FR"}), False),
        (When(near=Near(48.1, 11.6, 5)), True),
        (When(near=Near(48.5, 11.6, 5)), False),
    ],
)
def test_a_rule_holds_in_its_situations(when: When, holds: bool) -> None:
    assert when.holds(Situation(MONDAY_NOON_MS, {"country": "DE", "lat": 48.12, "lon": 11.6})) is holds


def test_where_the_place_is_not_known_a_rule_for_one_does_not_hold() -> None:
    assert not When(near=Near(0, 0, 20_000)).holds(Situation(MONDAY_NOON_MS))


def test_every_given_field_has_to_fit() -> None:
    item = Item("pot", category="tea", tags=["blue"])
    assert Match(category="tea", tag="blue").fits(item)
    assert not Match(category="tea", tag="red").fits(item)
    assert not Match(["cup"], category="tea").fits(item)
