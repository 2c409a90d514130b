import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.catalogue import category_slot
from online.events import Cursor, Event
from online.item import Item
from online.item_filter import ItemFilter
from online.ranking.arrangement import PLAIN, Arrangement
from online.ranking.candidates import best
from online.ranking.evidence import HOURLY, RECENT
from online.ranking.list_log import features_of_log, head_of_log
from online.ranking.network import Network
from online.ranking.new_items import EXPLORED_LISTS, EXPLORED_TIMES
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from tests.online.ranking.made_networks import looking_at, network_of
from tests.online.streams_of_events import DAY_MS, START_MS, River, pairs

HIDE = RecommenderConfig(repeats="hide", capacity=1_024, dim=4)
ALLOW = RecommenderConfig(repeats="allow", capacity=1_024, dim=4)


@pytest.fixture
def hiding() -> River:
    return River(Recommender(HIDE))


@pytest.fixture
def allowing() -> River:
    return River(Recommender(ALLOW))


def test_what_followed_comes_first_with_its_reason(hiding: River) -> None:
    pairs(hiding)
    hiding.has("new", "a", at_ms=START_MS + DAY_MS)
    best = hiding.recommender.recommend(hiding.state("new"), now_ms=START_MS + DAY_MS, wall_ms=0)[0]
    assert (best.item_id, best.source) == ("b", "graph")
    assert [(reason.kind, reason.item_id) for reason in best.reasons] == [("because_of_item", "a")]
    assert 0.5 < best.reasons[0].weight <= 1


def test_hidden_repeats_are_never_listed_not_even_from_the_open_set(hiding: River) -> None:
    pairs(hiding)
    hiding.has("new", "b")
    hiding.has("new", "a", "y", at_ms=START_MS + DAY_MS)
    assert hiding.ids("new") == ["x"]


def test_what_was_had_may_come_again_after_its_time() -> None:
    river = River(Recommender(msgspec.structs.replace(HIDE, again_after_days=30)))
    pairs(river)
    river.has("new", "x")
    river.has("new", "a", at_ms=START_MS + 30 * DAY_MS)
    assert river.ids("new") == ["b", "y"]
    river.has("new", "y", at_ms=START_MS + 31 * DAY_MS)
    assert river.ids("new") == ["b", "x"]
    river.has("new", "x", at_ms=START_MS + 32 * DAY_MS)
    assert river.ids("new") == ["b"]


def test_on_a_stream_of_repeats_what_was_had_often_leads(allowing: River) -> None:
    for week in range(20):
        for number in range(10):
            at_ms = START_MS + week * 7 * DAY_MS + number
            allowing.has(f"u{number}", f"own{number}", "everyday", at_ms=at_ms)
            allowing.has(f"once{number}", f"odd{week}", at_ms=at_ms)
    listed = allowing.recommender.recommend(
        allowing.state("u3"), now_ms=START_MS + 140 * DAY_MS, wall_ms=0, k=2
    )
    assert {item.item_id for item in listed} == {"own3", "everyday"}
    assert [item.source for item in listed] == ["repeat", "repeat"]
    assert listed[0].reasons[0].item_id == listed[0].item_id


def test_on_a_stream_without_repeats_what_was_had_does_not_lead(allowing: River) -> None:
    pairs(allowing)
    allowing.has("new", "a", at_ms=START_MS + DAY_MS)
    assert allowing.ids("new")[0] == "b"
    last = allowing.recommender.recommend(allowing.state("new"), now_ms=START_MS + DAY_MS, wall_ms=0)[-1]
    assert (last.item_id, last.score, last.source, last.reasons) == ("a", 0.0, "repeat", [])


def test_a_user_without_history_gets_what_is_popular(hiding: River) -> None:
    pairs(hiding)
    hiding.has("u", "a")
    recommender = hiding.recommender
    popular = recommender.recommend(UserState(""), now_ms=START_MS, wall_ms=0, k=2)
    assert (popular[0].item_id, popular[0].source) == ("a", "trending")
    assert recommender.most_popular(1) == ["a"]
    assert [i.item_id for i in recommender.recommend(UserState("?"), now_ms=START_MS, wall_ms=0, k=2)] == [
        item.item_id for item in popular
    ]


def test_before_anything_is_learned_the_newest_documents_are_listed(hiding: River) -> None:
    for number in range(5):
        hiding.recommender.put_item(Item(f"i{number}", available_from_ms=50 if number == 4 else 0))
    hiding.recommender.delete_item("i2")
    assert hiding.ids("?", wall_ms=10, k=3) == ["i3", "i1", "i0"]
    assert hiding.ids("?", wall_ms=50, k=2, exclude=["i3"]) == ["i4", "i1"]


def test_an_empty_recommender_gives_an_empty_list(hiding: River) -> None:
    assert hiding.ids("?") == []


def test_deleted_unavailable_expired_hidden_and_excluded_items_are_in_no_list(hiding: River) -> None:
    pairs(hiding)
    hiding.has("new", "a", at_ms=START_MS + DAY_MS)
    assert set(hiding.ids("new")) == {"b", "x", "y"}
    hiding.recommender.delete_item("b")
    hiding.recommender.put_item(Item("x", expires_ms=START_MS))
    assert hiding.ids("new", wall_ms=START_MS - 1) == hiding.ids("new", wall_ms=0)
    assert hiding.ids("new", wall_ms=START_MS) == ["y"]
    assert hiding.ids("new", wall_ms=START_MS, exclude=["y"]) == []
    hiding.has("new", "y", at_ms=START_MS + DAY_MS, action="hide")
    assert hiding.ids("new", wall_ms=START_MS) == []
    hiding.recommender.put_item(Item("b"))
    assert hiding.ids("new", wall_ms=START_MS) == ["b"]


def test_a_new_item_is_found_by_its_content_and_so_is_a_new_taste(hiding: River) -> None:
    pairs(hiding)
    recommender = hiding.recommender
    recommender.put_vector("seen", np.array([1, 0, 0, 0], np.float32))
    recommender.put_vector("alike", np.array([5, 1, 0, 0], np.float32))
    recommender.put_vector("unlike", np.array([-1, 0, 3, 0], np.float32))
    state = hiding.state("new")
    state.apply(Event("new", "seen", "click", 1.0, START_MS, 1, Cursor("t", 0, 1, 0)))
    best = recommender.recommend(state, now_ms=START_MS, wall_ms=0)[0]
    assert (best.item_id, best.source, best.reasons[0].item_id) == ("alike", "content", "seen")
    assert "unlike" not in hiding.ids("new")
    recommender.drop_vector("alike")
    assert "alike" not in hiding.ids("new")


def test_a_vector_of_another_length_is_refused(hiding: River) -> None:
    with pytest.raises(ValueError, match=r"4 finite numbers, got shape \(3,\)"):
        hiding.recommender.put_vector("a", np.ones(3, np.float32))


def test_of_more_vectors_than_there_is_room_for_the_last_are_kept() -> None:
    recommender = Recommender(ALLOW)
    vectors = {f"i{number}": np.ones(4, np.float32) for number in range(1_030)}
    recommender.put_vectors(vectors)
    known = {item_id for item_id in vectors if recommender.vector(item_id) is not None}
    assert "i1029" in known
    assert known == recommender.catalogue.rows.keys()
    assert np.count_nonzero(recommender.statistics.content.vectors.present) == len(known)


def test_impressions_and_dislikes_teach_no_statistic(hiding: River) -> None:
    hiding.has("u", "a", action="impression")
    hiding.has("u", "b", action="dislike")
    assert len(hiding.recommender.catalogue) == 0


def test_a_snapshot_makes_the_same_lists_and_learns_on_alike(allowing: River) -> None:
    pairs(allowing)
    allowing.recommender.put_vector("a", np.ones(4, np.float32))
    allowing.recommender.put_item(Item("doc"))
    restored = River(Recommender(ALLOW))
    restored.has("other", "q")
    restored.recommender.load(allowing.recommender.save())
    restored.states = {"u": UserState("u")}
    for river in (allowing, restored):
        river.has("u", "a", at_ms=START_MS + DAY_MS)
        river.has("u", "x", at_ms=START_MS + DAY_MS + 5)
    first, second = (
        river.recommender.recommend(river.state("u"), now_ms=START_MS + DAY_MS, wall_ms=0)
        for river in (allowing, restored)
    )
    assert first == second


def test_what_others_had_since_counts_no_more_for_who_has_been_away(allowing: River) -> None:
    allowing.has("away", "a")
    for hour in range(24):
        allowing.has(f"u{hour}", "b", at_ms=START_MS + hour * DAY_MS // 24)
    asked_ms = START_MS, START_MS + 23 * DAY_MS // 24
    found = [
        allowing.recommender.candidates(allowing.state("away"), now_ms=now_ms, wall_ms=0)
        for now_ms in asked_ms
    ]
    first, last = (dict(zip(of.rows.tolist(), of.columns[:, HOURLY].tolist(), strict=True)) for of in found)
    row = allowing.recommender.catalogue.row("b")
    assert first[row] == last[row] < np.log(8)  # an hour of so slow a stream has some four events


@pytest.mark.parametrize("first_ms", [0, START_MS - 30 * DAY_MS])
def test_a_late_set_after_a_snapshot_without_a_clock_ages_nothing(allowing: River, first_ms: int) -> None:
    for minute in range(500):
        allowing.has("u", "a", at_ms=START_MS + 60_000 * minute)
    saved = allowing.recommender.save()
    restored = River(Recommender(ALLOW))
    restored.recommender.load({name: of for name, of in saved.items() if not name.startswith("clock/")})
    restored.has("late", "c", at_ms=first_ms)
    for minute in range(500, 1_000):
        restored.has("u", "b", at_ms=START_MS + 60_000 * minute)
    assert restored.recommender.most_popular(2) == ["b", "a"]


def test_a_loaded_snapshot_knows_its_categories_at_once(allowing: River) -> None:
    allowing.recommender.put_item(Item("milk", category="food"))
    for day in range(8):
        allowing.has("u", "milk", at_ms=START_MS + day * DAY_MS)
    restored = Recommender(ALLOW)
    restored.put_item(Item("stale", category="food"))
    River(restored).has("v", "stale")
    restored.load(allowing.recommender.save())
    arrays = restored.statistics.repeats.arrays
    milk = arrays.counts[restored.catalogue.row("milk")]
    assert milk.all()
    np.testing.assert_array_equal(arrays.categories[category_slot("food")], milk)


def test_a_network_ranks_what_the_blend_did(allowing: River) -> None:
    pairs(allowing)
    for number in range(40):
        allowing.has(f"v{number}", "popular", at_ms=START_MS + number)
    allowing.has("new", "a", at_ms=START_MS + DAY_MS)
    assert allowing.ids("new")[0] == "b"
    allowing.recommender.network = looking_at(RECENT)
    listed = allowing.recommender.recommend(allowing.state("new"), now_ms=START_MS + DAY_MS, wall_ms=0)
    assert (listed[0].item_id, listed[0].source, listed[0].reasons) == ("popular", "trending", [])
    assert 0 < sum(item.score for item in listed) <= 1.0001
    allowing.recommender.network = None
    assert allowing.ids("new")[0] == "b"


def test_the_log_says_what_a_network_listed_and_nothing_of_a_blend(allowing: River) -> None:
    pairs(allowing)
    recommender, state = allowing.recommender, allowing.state("new")
    found = recommender.candidates(state, now_ms=START_MS, wall_ms=0)
    assert not recommender.log(found).head
    recommender.network = looking_at(RECENT)
    first = recommender.recommend(state, now_ms=START_MS, wall_ms=0)[0]
    shares, had = head_of_log(recommender.log(found), [first.item_id])
    assert had.tolist() == [True] + [False] * (len(had) - 1)
    assert first.score == pytest.approx(shares[0])  # nothing has been learned of chances yet
    (listed,) = best(found, recommender.network, 40)
    assert recommender.log(found, listed) == recommender.log(found)


def test_no_rating_makes_a_log_that_cannot_be_learned_from(allowing: River) -> None:
    allowing.has("u", "absurd", action="rate", value=1e12)
    allowing.has("u", "plain", at_ms=START_MS + 1, action="rate", value=3)
    recommender = allowing.recommender
    log = recommender.log(recommender.candidates(allowing.state("u"), now_ms=START_MS, wall_ms=0))
    assert np.isfinite(features_of_log(log)).all()


def test_items_that_fall_out_of_a_full_catalogue_leave_the_statistics() -> None:
    river = River(Recommender(RecommenderConfig(repeats="hide", capacity=32, dim=4)))
    pairs(river, 5)
    for number in range(40):
        river.has("u", f"filler{number}", at_ms=START_MS + number)
    river.has("new", "b", at_ms=START_MS + DAY_MS)
    listed = river.ids("new", k=50)
    assert "a" not in listed
    assert len(river.recommender.catalogue) <= 32
    assert len(listed) == len(set(listed))


steps = st.lists(
    st.tuples(st.sampled_from("uvw"), st.integers(0, 12), st.sampled_from(["click", "hide", "skip"])),
    max_size=40,
)


@pytest.mark.parametrize("config", [HIDE, ALLOW], ids=["hide", "allow"])
@settings(max_examples=25, deadline=None)
@given(events=steps, k=st.integers(1, 12))
def test_a_list_is_without_doubles_hidden_items_and_surprises(
    config: RecommenderConfig, events: list[tuple[str, int, str]], k: int
) -> None:
    river = River(Recommender(config))
    river.recommender.put_item(Item("document"))
    for number, (user_id, item, action) in enumerate(events):
        river.has(user_id, str(item), at_ms=START_MS + number * 1_000, action=action)
    for state in river.states.values():
        listed = river.recommender.recommend(state, now_ms=START_MS, wall_ms=0, k=k)
        ids = [item.item_id for item in listed]
        assert len(ids) == len(set(ids)) <= k
        assert not set(ids) & set(state.hidden)
        if config.repeats == "hide":
            assert not set(ids) & {*state.had, *(past.item_id for past in state.open)}
        assert [item.score for item in listed] == sorted((i.score for i in listed), reverse=True)
        assert all(0 <= reason.weight <= 1.0001 for item in listed for reason in item.reasons)
        assert listed == river.recommender.recommend(state, now_ms=START_MS, wall_ms=0, k=k)


def test_a_varied_list_names_another_kind_before_more_of_the_same() -> None:
    orders = []
    for diversity in (0.0, 0.9):
        river = River(Recommender(HIDE))
        for item_id, category in (("a", "tea"), ("b", "tea"), ("c", "tea"), ("d", "jam"), ("h", "")):
            river.recommender.put_item(Item(item_id, category=category))
        for number, second in enumerate("aaaaabbbbcccd"):
            river.has(f"u{number}", "h")
            river.has(f"u{number}", second, at_ms=START_MS + DAY_MS)
        river.has("new", "h", at_ms=START_MS + 2 * DAY_MS)
        orders.append(river.ids("new", arrangement=Arrangement(diversity=diversity)))
    assert orders[0] == ["a", "b", "c", "d"]
    assert orders[1][:2] == ["a", "d"]
    assert sorted(orders[1]) == orders[0]


def test_new_items_get_the_last_places_until_they_were_shown_often() -> None:
    explorer, two = River(Recommender(HIDE)), Arrangement(explore=2, places=6)
    pairs(explorer)
    explorer.has("new", "a", at_ms=START_MS + DAY_MS)
    plain = explorer.ids("new", k=6)
    explorer.recommender.put_item(Item("fresh"))
    explorer.recommender.put_item(Item("gone", available=False))
    for _ in range(EXPLORED_LISTS):  # which items are new is looked at now and then
        listed = explorer.recommender.recommend(
            explorer.state("new"), now_ms=START_MS + DAY_MS, wall_ms=START_MS, k=6, arrangement=two
        )
    assert [item.item_id for item in listed] == [*plain[: 6 - 1], "fresh"]
    assert (listed[-1].source, listed[-1].propensity, listed[0].propensity) == ("explore", 1.0, None)
    assert "fresh" not in explorer.ids("new", k=6, exclude=["fresh"], arrangement=two)
    for number in range(EXPLORED_TIMES):
        explorer.state(f"v{number}").published(["fresh"])
        explorer.has(f"v{number}", "a", at_ms=START_MS + DAY_MS + number)
    for _ in range(EXPLORED_LISTS):
        listed = explorer.recommender.recommend(
            explorer.state("new"), now_ms=START_MS + DAY_MS, wall_ms=START_MS, k=6, arrangement=two
        )
    assert all(item.source != "explore" for item in listed)


@pytest.mark.parametrize(
    "arrangement",
    [PLAIN, Arrangement(diversity=0.5), Arrangement(explore=2)],
    ids=["plain", "varied", "exploring"],
)
@pytest.mark.parametrize("network", [None, network_of(8)], ids=["blend", "network"])
def test_lists_made_together_are_those_made_one_by_one(
    arrangement: Arrangement, network: Network | None
) -> None:
    river = River(Recommender(ALLOW))
    recommender = river.recommender
    pairs(river)
    for number, item_id in enumerate("abxyz"):
        recommender.put_item(Item(item_id, category="tea" if item_id < "c" else "jam"))
        recommender.put_vector(item_id, np.array([1, number, 0, 0], np.float32))
    river.has("many", *"abx", at_ms=START_MS + DAY_MS)
    river.has("odd", "never seen", at_ms=START_MS + 2 * DAY_MS)
    river.state("picky").apply(Event("picky", "a", "hide", 1.0, START_MS, 1, Cursor("t", 0, 9_999, 0)))
    recommender.network = network
    users = [
        (river.state(user_id), START_MS + day * DAY_MS)
        for day, user_id in enumerate(["nobody", "a1", "many", "x2", "odd", "picky"])
    ]
    together = recommender.recommend_all(users, wall_ms=START_MS, k=4, arrangement=arrangement)
    assert len({tuple(item.item_id for item in listed) for listed in together}) > 3
    for (state, now_ms), listed in zip(users, together, strict=True):
        alone = recommender.recommend(state, now_ms=now_ms, wall_ms=START_MS, k=4, arrangement=arrangement)
        for one, other in zip(listed, alone, strict=True):
            assert (one.item_id, one.source, one.propensity) == (
                other.item_id,
                other.source,
                other.propensity,
            )
            assert one.score == pytest.approx(other.score, rel=1e-4)
            for reason, expected in zip(one.reasons, other.reasons, strict=True):
                assert (reason.item_id, reason.kind) == (expected.item_id, expected.kind)
                assert reason.weight == pytest.approx(expected.weight, rel=1e-3)
    assert recommender.recommend_all([], wall_ms=START_MS) == []


def filtered_shop() -> River:
    """400 items, a tenth of them red; the 20 that everybody has are blue."""
    river = River(Recommender(RecommenderConfig(capacity=1_024, dim=4)))
    for number in range(400):
        colour = "red" if number % 10 == 0 and number >= 20 else "blue"
        river.recommender.put_item(Item(f"i{number}", category=colour, price=float(number)))
    for number in range(200):
        river.has(f"u{number % 30}", f"i{number % 20}", at_ms=START_MS + number * 1_000)
    return river


def test_a_filter_is_exact_and_keeps_k_filled() -> None:
    river = filtered_shop()
    wanted = ItemFilter(category="red", max_price=200.0)
    red = {f"i{number}" for number in range(20, 201, 10)}
    assert set(river.ids("u1", k=10, wanted=wanted)) < red
    assert set(river.ids("u1", k=100, wanted=wanted)) == red
    assert len(river.ids("u1", k=10, wanted=wanted)) == 10
    assert set(river.ids("nobody", k=100, wanted=wanted, exclude=["i20"])) == red - {"i20"}
    assert river.ids("u1", wanted=ItemFilter(category="green")) == []


def test_what_is_had_most_leads_within_a_filter_also_where_no_graph_leads_to_it() -> None:
    river = filtered_shop()
    river.has("stranger", "i250", at_ms=START_MS + 500_000)
    river.recommender.put_item(Item("i250", category="red"))
    assert river.ids("nobody", k=3, wanted=ItemFilter(category="red"))[0] == "i250"


@settings(max_examples=20)
@given(
    st.integers(1, 50),
    st.integers(1, 12),
    st.sampled_from([None, ItemFilter(category="blue")]),
    st.booleans(),
)
def test_a_longer_list_begins_as_a_shorter_one(
    k: int, pages: int, wanted: ItemFilter | None, is_known: bool
) -> None:
    river = PAGED
    user_id = "u1" if is_known else "nobody"
    whole = river.ids(user_id, k=k * pages, wanted=wanted)
    for page in range(pages):
        assert river.ids(user_id, k=k * (page + 1), wanted=wanted) == whole[: k * (page + 1)]
    assert len(set(whole)) == len(whole) == min(k * pages, 400 if wanted is None else 362)


PAGED = filtered_shop()


def test_what_is_sold_out_takes_no_place_of_what_is_alike(hiding: River) -> None:
    """As where things are sold once: nearly all that is most alike is gone."""
    recommender = hiding.recommender
    recommender.put_vector("seen", np.array([1, 0, 0, 0], np.float32))
    for number in range(600):
        recommender.put_vector(f"sold {number}", np.array([1, 0.001 * number, 0, 0], np.float32))
        recommender.put_item(Item(f"sold {number}", available=False))
    alike = [f"alike {number}" for number in range(3)]
    for item_id in alike:
        recommender.put_vector(item_id, np.array([1, 1, 0.2, 0], np.float32))
    for number in range(20):
        recommender.put_item(Item(f"newer {number}"))
    hiding.has("u", "seen")
    assert sorted(hiding.ids("u")[:3]) == alike


def test_what_is_sold_out_takes_no_place_of_what_is_popular(hiding: River) -> None:
    recommender = hiding.recommender
    for number in range(300):
        hiding.has("u", f"sold {number}", at_ms=START_MS + 1_000 * number)
        hiding.has("v", f"sold {number}", at_ms=START_MS + 1_000 * number)
        recommender.put_item(Item(f"sold {number}", available=False))
    popular = [f"popular {number}" for number in range(3)]
    hiding.has("w", *popular, at_ms=START_MS)
    for number in range(20):
        recommender.put_item(Item(f"newer {number}"))
    assert sorted(hiding.ids("?")[:3]) == popular
