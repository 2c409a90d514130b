import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from online.catalogue import Catalogue
from online.item import Item
from online.item_filter import ItemFilter, Near

MUNICH, BERLIN, SYDNEY = (48.137, 11.575), (52.520, 13.405), (-33.869, 151.209)
LABELS = st.sampled_from(["a", "b", "c"])
ITEMS = st.builds(
    Item,
    item_id=st.sampled_from([f"i{number}" for number in range(8)]),
    category=st.one_of(st.just(""), LABELS),
    tags=st.lists(LABELS, max_size=3),
    price=st.one_of(st.none(), st.floats(0, 10)),
)
FILTERS = st.builds(
    ItemFilter,
    category=st.one_of(st.none(), LABELS),
    tags=st.lists(LABELS, max_size=2).map(tuple),
    max_price=st.one_of(st.none(), st.floats(0, 10)),
)


def matching(catalogue: Catalogue, wanted: ItemFilter) -> set[str]:
    mask = catalogue.attributes.matching(wanted)
    return {item_id for row, item_id in catalogue.newest() if mask[row]}


def fits(item: Item, wanted: ItemFilter) -> bool:
    """The definition, item by item."""
    return (
        wanted.category in (None, item.category)
        and set(wanted.tags) <= set(item.tags)
        and (wanted.max_price is None or (item.price is not None and item.price <= wanted.max_price))
    )


@given(st.lists(ITEMS, max_size=20), st.sets(st.integers(0, 7)), FILTERS)
def test_what_matches_is_what_fits_of_the_newest_documents(
    items: list[Item], deleted: set[int], wanted: ItemFilter
) -> None:
    catalogue = Catalogue(16)
    newest = {}
    for item in items:
        catalogue.put(item)
        newest[item.item_id] = item
    for number in deleted:
        catalogue.delete(f"i{number}")
        newest.pop(f"i{number}", None)
    again = Catalogue(16)
    again.load(catalogue.save())
    expected = {item_id for item_id, item in newest.items() if fits(item, wanted)}
    assert matching(catalogue, wanted) == matching(again, wanted) == expected


def test_a_rows_next_item_has_nothing_of_the_one_before() -> None:
    catalogue = Catalogue(16)
    for number in range(17):
        catalogue.put(Item(f"i{number}", category="old" if number < 16 else "", price=1.0, location=MUNICH))
    old = matching(catalogue, ItemFilter(category="old"))
    assert old == {f"i{number}" for number in range(1, 16)}


def test_distances_are_those_on_earth() -> None:
    catalogue = Catalogue(16)
    for name, place in (("munich", MUNICH), ("berlin", BERLIN), ("sydney", SYDNEY), ("nowhere", None)):
        catalogue.put(Item(name, location=place))
    centre = {"lat": MUNICH[0], "lon": MUNICH[1]}
    # 504 km by any map; half around the Earth is 20,015 km.
    assert matching(catalogue, ItemFilter(near=Near(**centre, km=503))) == {"munich"}
    assert matching(catalogue, ItemFilter(near=Near(**centre, km=506))) == {"munich", "berlin"}
    assert matching(catalogue, ItemFilter(near=Near(**centre, km=20_038))) == {"munich", "berlin", "sydney"}
    across = Near(lat=0, lon=-179.9, km=30)
    catalogue.put(Item("fiji", location=(0.0, 179.9)))
    assert matching(catalogue, ItemFilter(near=across)) == {"fiji"}


def test_nothing_asked_for_fits_all() -> None:
    assert np.all(Catalogue(16).attributes.matching(ItemFilter()))
