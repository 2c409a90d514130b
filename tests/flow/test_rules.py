"""Business rules that come while a worker runs: every list made from then on follows them."""

from pathlib import Path

import pytest

from online.ranking.explain import RankedItem
from online.rules.rule import RulesError
from streams.model_to_lists import rules_of
from streams.producer import Outgoing
from streams.settings import SettingsError
from tests.flow.river import MemoryRiver, Recommend, run, settings
from tests.flow.test_items_leave_lists import follow, put
from tests.flow.test_lists_from_events import encode_all, event, ids, send
from tests.flow.test_stale_lists import turn

PIN = '[[rule]]\nname = "of the week"\ndo = "pin"\nplace = 1\nmatch = { item_ids = ["i7"] }\n'
BLOCK = '[[rule]]\nname = "no more"\ndo = "block"\nmatch = { category = "tea" }\n'
CAP = '[[rule]]\nname = "some"\ndo = "cap"\nat_most = 2\nmatch = { category = "tea" }\n'
CONTEXT = BLOCK + 'when = { context = { country = "DE" } }\n'
ITEMS = 60


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    made = MemoryRiver(tmp_path)
    for n in range(ITEMS):
        put(made, f"i{n}", {"title": f"Teapot {n}", "category": "tea" if n < ITEMS * 3 / 4 else "wine"})
    run(made, lambda: encode_all(made))
    return made


async def rules(river: MemoryRiver, process: Recommend, text: str | None) -> None:
    river.kafka.append(Outgoing("rules", b"rules", None if text is None else text.encode(), 0))
    await follow(process)


async def listed(river: MemoryRiver, process: Recommend, number: int, country: str = "FR") -> list[str]:
    send(river, event("u", f"i{number}", number, context={"country": country}))
    runs = river.interactions.fetch(10)
    await process.worker.work(runs)
    river.interactions.ack(runs)
    return ids(river, "u")


def category(item_id: str) -> str:
    return "tea" if int(item_id[1:]) < ITEMS * 3 / 4 else "wine"


def test_they_hold_for_the_next_list_and_wrong_ones_change_nothing(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            plain = await listed(river, process, 1)
            assert "i7" not in plain
            await rules(river, process, PIN)
            assert (await listed(river, process, 2))[0] == "i7"
            place = river.lists()["u"].items[0]
            assert (place.source, place.reasons[0].kind, place.reasons[0].rule) == (
                "rule",
                "rule",
                "of the week",
            )
            await rules(river, process, PIN.replace("place = 1", "place = 0"))
            assert (await listed(river, process, 3))[0] == "i7"
            await rules(river, process, BLOCK + PIN)
            found = await listed(river, process, 4)
            assert len(found) == 10
            assert {category(item_id) for item_id in found} == {"wine"}
            await rules(river, process, CAP)
            found = await listed(river, process, 5)
            assert [category(item_id) for item_id in found].count("tea") <= 2
            assert len(found) == 10
            await rules(river, process, None)
            assert "i7" not in await listed(river, process, 6)

    run(river, story)


def test_what_a_worker_finds_at_its_start_holds_from_the_first_list(river: MemoryRiver) -> None:
    river.kafka.append(Outgoing("rules", b"rules", PIN.encode(), 0))

    async def story() -> None:
        async with river.recommend() as process:
            assert (await listed(river, process, 1))[0] == "i7"

    run(river, story)


def test_a_rule_for_some_surroundings_holds_in_them(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await rules(river, process, CONTEXT)
            abroad = await listed(river, process, 1, "FR")
            at_home = await listed(river, process, 2, "DE")
            assert "tea" in {category(item_id) for item_id in abroad}
            assert {category(item_id) for item_id in at_home} == {"wine"}

    run(river, story)


def test_a_pinned_item_stays_in_its_place_when_another_goes(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await rules(river, process, PIN.replace("place = 1", "place = 4"))
            found = await listed(river, process, 1)
            await process.items.turn()
            put(river, found[0], None)
            await encode_all(river)
            await follow(process)
            assert ids(river, "u")[3] == "i7"
            assert found[0] not in ids(river, "u")
            assert len(ids(river, "u")) == 10

    run(river, story)


def test_without_rules_a_list_is_ranked_once_and_no_further(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            asked: list[int] = []
            recommend = process.lists.recommender.recommend_all

            def counting(*args: object, reserve: int, **options: object) -> list[list[RankedItem]]:
                asked.append(reserve)
                return recommend(*args, reserve=reserve, **options)  # type: ignore[arg-type]  # as given

            process.lists.recommender.recommend_all = counting  # type: ignore[method-assign, assignment]
            await listed(river, process, 1)
            assert asked == [5]

    run(river, story)


def test_the_settings_file_is_read_at_the_start_and_an_error_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(PIN)
    chosen = settings(tmp_path).model_copy(update={"rules": file})
    assert [rule.name for rule in rules_of(chosen)] == ["of the week"]
    assert rules_of(settings(tmp_path)) == ()
    file.write_text(PIN.replace("place", "palce"))
    with pytest.raises(RulesError, match=r"rules\.toml: line 4, rule 1: .*palce"):
        rules_of(chosen)
    file.write_bytes(PIN.encode("utf-16"))
    with pytest.raises(RulesError, match=r"^[^:]*rules\.toml: expected UTF-8, got byte 0xff at offset 0$"):
        rules_of(chosen)
    file.unlink()
    with pytest.raises(SettingsError, match=r"^FRESHET_RULES, [^:]*rules\.toml: No such file or directory$"):
        rules_of(chosen)


def test_a_list_that_is_made_again_keeps_to_what_the_event_said_of_its_surroundings(
    river: MemoryRiver,
) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await rules(river, process, CONTEXT)
            first = await listed(river, process, 50, country="DE")
            assert {category(item_id) for item_id in first} == {"wine"}
        # Another process, which has only what is in the topics.
        async with river.recommend() as process:
            await follow(process)
            await turn(process, 25)
            assert river.lists()["u"].cause.kind == "schedule"
            assert {category(item_id) for item_id in ids(river, "u")} == {"wine"}
            (kept,) = [process.published.context("u")]
            assert kept == {"country": "DE"}

    run(river, story)


def test_of_the_surroundings_only_what_rules_ask_for_is_kept(river: MemoryRiver) -> None:
    async def story() -> None:
        async with river.recommend() as process:
            await rules(river, process, CONTEXT)
            said = {"country": "FR", "device": "phone"}
            send(
                river,
                event("u", "i1", 1, context=said),
                event("v", "i1", 2, context={"country": "x" * 5_000}),
            )
            await process.worker.work(river.interactions.fetch(10))
            assert process.published.context("u") == {"country": "FR"}
            assert process.published.context("v") == {}
            assert process.published.context("nobody") == {}

    run(river, story)
