"""Laws of business rules, whatever the list and the rules are."""

from hypothesis import given
from hypothesis import strategies as st

from online.item import Item
from online.ranking.explain import RankedItem
from online.rules.apply import Items, apply
from online.rules.rule import Match, Rule

IDS = [f"i{n}" for n in range(24)]
CATEGORIES, TAGS = ("tea", "wine", ""), ("a", "b")
K = 10

_items = st.fixed_dictionaries(
    {
        item_id: st.builds(
            Item,
            st.just(item_id),
            category=st.sampled_from(CATEGORIES),
            tags=st.lists(st.sampled_from(TAGS), max_size=2),
        )
        for item_id in IDS
    }
)
_match = st.builds(
    Match,
    item_ids=st.none() | st.lists(st.sampled_from(IDS), min_size=1, max_size=4),
    category=st.none() | st.sampled_from(CATEGORIES),
    tag=st.none() | st.sampled_from(TAGS),
)
_pin = st.builds(lambda item_id: Match([item_id]), st.sampled_from(IDS))
_name = st.uuids().map(str)
_rules = st.lists(
    st.builds(Rule, _name, st.just("pin"), _pin, place=st.integers(1, K))
    | st.builds(Rule, _name, st.just("boost"), _match, factor=st.floats(1.5, 100))
    | st.builds(Rule, _name, st.just("bury"), _match, factor=st.floats(0.01, 0.9))
    | st.builds(Rule, _name, st.just("block"), _match)
    | st.builds(
        Rule,
        _name,
        st.just("cap"),
        _match,
        at_most=st.integers(0, 4),
        each=st.sampled_from([None, "category", "tag"]),
    ),
    max_size=6,
)
_ranked = st.lists(st.sampled_from(IDS), unique=True).map(
    lambda ids: [RankedItem(item_id, 1 / (n + 2), "graph", []) for n, item_id in enumerate(ids)]
)
_hidden = st.sets(st.sampled_from(IDS))


def items_of(documents: dict[str, Item], hidden: set[str]) -> Items:
    return Items(
        documents.get, lambda item_id: item_id not in hidden, lambda item_id: int(item_id[1:]) % 3 == 0
    )


def counts(rule: Rule, documents: dict[str, Item], ids: list[str]) -> list[int]:
    """How often what a cap counts is in a list."""
    fitting = [documents[item_id] for item_id in ids if rule.match.fits(documents[item_id])]
    if rule.each is None:
        return [len(fitting)]
    keys = [set(item.tags) if rule.each == "tag" else {item.category} - {""} for item in fitting]
    return [sum(key in found for found in keys) for key in {*CATEGORIES, *TAGS}]


@given(_items, _ranked, _rules, _hidden)
def test_laws(
    documents: dict[str, Item], ranked: list[RankedItem], rules: list[Rule], hidden: set[str]
) -> None:
    ranked = [item for item in ranked if item.item_id not in hidden]
    items = items_of(documents, hidden)
    found = apply(ranked, rules, K, items)
    ids = [item.item_id for item in found]
    assert found == apply(ranked, rules, K, items)
    assert len(set(ids)) == len(ids)
    assert not hidden & set(ids)
    blocked = {
        item_id for item_id in IDS if any(r.do == "block" and r.match.fits(documents[item_id]) for r in rules)
    }
    assert not blocked & set(ids)
    pinned = [rule.match.item_ids[0] for rule in rules if rule.do == "pin" and rule.match.item_ids]
    # Pins alone may be more than a cap allows.
    for rule in (rule for rule in rules if rule.do == "cap"):
        free = [item_id for item_id in ids if item_id not in pinned]
        assert all(count <= (rule.at_most or 0) for count in counts(rule, documents, free))
    if not any(rule.do == "cap" for rule in rules):
        assert len(ids) == len({item.item_id for item in ranked} | (set(pinned) - hidden) - blocked) - len(
            blocked & {item.item_id for item in ranked}
        )
    taken: set[int] = set()
    done: set[str] = set()
    for rule in (rule for rule in rules if rule.do == "pin"):
        item_id = (rule.match.item_ids or [""])[0]
        if item_id in blocked | hidden | done:
            continue
        place = rule.place or 1
        while place in taken:
            place += 1
        taken.add(place)
        done.add(item_id)
        if len(ids) >= max(taken) and len(ids) - len(set(pinned)) >= K:
            assert ids[place - 1] == item_id
        assert next(item for item in found if item.item_id == item_id).reasons[0].rule is not None


@given(
    _items,
    _ranked,
    st.floats(0.1, 1.0),
    st.lists(st.builds(Rule, _name, st.just("pin"), _pin, place=st.just(1)), max_size=1),
)
def test_the_share_of_new_items_is_kept_where_there_are_enough(
    documents: dict[str, Item], ranked: list[RankedItem], share: float, pins: list[Rule]
) -> None:
    items = items_of(documents, set())
    found = apply(ranked, [*pins, Rule("fresh", "new", share=share)], K, items)
    there = sum(items.is_new(item.item_id) for item in found)
    wanted = min(there, -int(-share * K // 1), K)
    assert sum(items.is_new(item.item_id) for item in found[:K]) >= wanted - len(pins)
    assert {item.item_id for item in ranked} <= {item.item_id for item in found}


@given(_items, _ranked)
def test_without_rules_nothing_changes(documents: dict[str, Item], ranked: list[RankedItem]) -> None:
    assert apply(ranked, [], K, items_of(documents, set())) == ranked
