"""Two arms of users get lists of two makes, and the learner says how each does, also after its successor took over."""

from pathlib import Path

from msgspec.structs import asdict

from online.arms import Arms
from streams.publications import PROGRESS_KEY, Progress, decode_progress
from streams.settings import Arm
from streams.topics import home_partition
from tests.flow.river import MemoryRiver, run
from tests.flow.test_lists_from_events import encode_all, event, recommend_all, send

ARMS = Arms({"control": 1, "curious": 1})


def progress(river: MemoryRiver) -> Progress:
    records = [r for r in river.kafka.records("model") if r.key == PROGRESS_KEY]
    return decode_progress(records[-1].value or b"")


def test_each_arm_has_its_lists_and_its_result(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)
    arms = {"control": Arm(), "curious": Arm(explore=1)}
    river.settings = river.settings.model_copy(update={"arms": arms})
    river.produce("media", {"item_id": "fresh", "title": "Blue enamel teapot"}, home_partition("fresh", 4))
    users = [f"u{n}" for n in range(12)]

    async def story() -> None:
        await encode_all(river)
        for number, item in enumerate("abcdefg"):
            send(river, *(event(user, item, number * 100 + n) for n, user in enumerate(users)))
            await recommend_all(river)
        river.kafka.now_ms += 5_000
        send(river, event("last", "a", 2_000))
        await recommend_all(river)
        async with river.learn() as learner:
            await river.learn_all(learner)
            await learner.save()
            await learner._publish()

    run(river, story)
    lists = {user: found for user, found in river.lists().items() if user in users}
    assert {user: found.arm for user, found in lists.items()} == {user: ARMS.arm_of(user) for user in users}
    explored = {user for user, found in lists.items() if any(i.source == "explore" for i in found.items)}
    assert explored == {user for user in users if ARMS.arm_of(user) == "curious"}
    before = progress(river).arms
    assert [result.arm for result in before] == ["control", "curious"]
    counted = {name: sum(ARMS.arm_of(user) == name for user in users) * 6 for name in ARMS.names}
    assert {result.arm: result.sets for result in before} == counted

    async def successor() -> None:
        async with river.learn():
            pass

    run(river, successor)
    assert [asdict(result) for result in progress(river).arms] == [asdict(result) for result in before]
