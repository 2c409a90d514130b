"""What the river says of people: nothing in logs, metrics and letters of reasons; no id where pseudonyms are."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import msgspec
import pytest
from prometheus_client import generate_latest

from online.statistics.base import Floats
from streams import batch
from streams.answers import Answers
from streams.events import DeadLetter
from streams.lists import ListMaker
from streams.logs import Formatter
from streams.pseudonyms import NO_PSEUDONYM, key_id, pseudonym
from streams.requests_to_responses import RequestsToResponses
from streams.topics import home_partition
from tests.flow.river import PARTITIONS, MemoryRiver, Recommend, alive, run

MARK = "Xyzzy"
"""Is in every id and text that a client writes."""
KEY = bytes(range(32))


def event(user: str, number: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    made = {
        "event_id": f"{MARK}-{user}-{number}",
        "user_id": user,
        "item_id": f"{MARK}-{number % 3}",
        "action": "click",
    }
    return made | {"timestamp_ms": 1_600_000_000_000 + number * 1_000, "context": {MARK: MARK}} | more


def send(river: MemoryRiver, *events: dict[str, Any], topic: str = "interactions") -> None:
    for made in events:
        river.produce(topic, made, home_partition(made["user_id"], PARTITIONS), key=made["user_id"])


async def work(river: MemoryRiver, process: Recommend) -> None:
    while runs := river.interactions.fetch(10):
        await process.worker.work(runs)
        river.interactions.ack(runs)


async def answer(river: MemoryRiver, process: Recommend) -> None:
    responder = RequestsToResponses(
        river.settings, process.users, Answers(process.lists), cast(Any, process.producer), alive()
    )
    await responder.work(river.requests.fetch(10))


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at DEBUG, as workers write it."""
    written, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    handler.setFormatter(Formatter(content=False))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_logs_metrics_and_letters_of_reasons_hold_nothing_that_anybody_did(
    tmp_path: Path, log: io.StringIO
) -> None:
    river = MemoryRiver(tmp_path, dead_letters="reasons")
    users = [f"{MARK}-{number}" for number in range(4)]
    made = ListMaker.published_all

    def published_all(self: ListMaker, asked: Any, *more: Any) -> Any:  # noqa: ANN401  # as the list maker's
        if users[1] in {a.state.user_id for a in asked}:
            raise KeyError(users[1])
        return made(self, asked, *more)

    def refusing(*given: Any) -> Any:  # noqa: ANN401  # as the batch's
        if given[2].user_id == users[2]:
            raise ValueError(given[2].user_id)
        return to_event(*given)

    def no_scores(*_given: Any) -> Floats:  # noqa: ANN401  # as the answers'
        raise LookupError(users[0])

    to_event = batch.to_event

    async def story() -> None:
        async with river.recommend() as process, river.learn() as learner, river.encode() as encoder:
            with (
                patch.object(ListMaker, "published_all", published_all),
                patch("streams.batch.to_event", refusing),
            ):
                await work(river, process)
            with patch.object(Answers, "recommend", no_scores):
                await answer(river, process)
            await encoder.work(river.media.fetch(10))
            await river.learn_all(learner)
            await process.erasing.work(river.erasures.fetch(10))
            await river.learn_all(learner)

    send(river, *(event(user, number) for user in users for number in range(3)))
    send(river, event(users[0], 8, action=MARK), event(users[0], 9) | {MARK: MARK})
    river.produce(
        "interactions", event(users[3], 10), (home_partition(users[3], PARTITIONS) + 1) % PARTITIONS, MARK
    )
    river.produce("interactions", f"{MARK}{{".encode(), 0, MARK)
    river.produce("media", {"item_id": MARK, "title": MARK, MARK: 1}, 0, MARK)
    send(river, {"user_id": users[0], "request_id": MARK}, topic="requests")
    send(river, {"user_id": users[0], "request_id": MARK, "kind": MARK}, topic="requests")
    send(river, {"user_id": users[0], "request_id": MARK}, topic="erasures")
    run(river, story)
    said = log.getvalue()
    for what in (
        "no list for the event at interactions-",
        "event interactions-",
        "a list came",
        "a request has no answer",
    ):
        assert what in said
    assert MARK not in said
    assert MARK not in generate_latest().decode()
    letters = river.kafka.records("dead-letters")
    assert {code for *_, code in river.refused()} == {"invalid", "unknown_field", "malformed", "internal"}
    assert not [r for r in letters if MARK.encode() in (r.key or b"") + (r.value or b"")]


def test_where_pseudonyms_are_demanded_ids_come_no_further_than_their_client_wrote_them(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path, pseudonyms=key_id(KEY))
    ann, raw = pseudonym(f"{MARK}-ann", KEY), f"{MARK}-ben"

    async def story() -> None:
        async with river.recommend() as process:
            await work(river, process)
            await answer(river, process)

    for user in (ann, raw):
        send(river, {"user_id": user, "item_id": "i", "action": "click"})
        send(river, {"user_id": user, "request_id": "r"}, topic="requests")
    river.produce("interactions", [{"user_id": raw, "item_id": "i", "action": MARK}], 0, raw)
    run(river, story)
    assert river.lists().keys() == river.states().keys() == {ann}
    assert [record.key for record in river.kafka.records("responses")] == [ann.encode()]
    letters = [
        msgspec.json.decode(r.value or b"", type=DeadLetter) for r in river.kafka.records("dead-letters")
    ]
    refused = sorted((dead.error.code, dead.topic) for dead in letters)
    assert refused == [
        ("invalid", "interactions"), (NO_PSEUDONYM, "interactions"), (NO_PSEUDONYM, "requests"),
    ]  # fmt: skip
    written = {topic for topic, _ in river.kafka.logs} - {"interactions", "requests"}
    named = [
        r
        for topic in written
        for r in river.kafka.records(topic)
        if MARK.encode() in (r.key or b"") + (r.value or b"")
    ]
    assert named == []


def test_somebody_known_from_before_is_forgotten_by_their_own_id(tmp_path: Path) -> None:
    before = MemoryRiver(tmp_path)
    river = MemoryRiver(tmp_path, pseudonyms=key_id(KEY))
    river.kafka.logs = before.kafka.logs

    async def work_before() -> None:
        async with before.recommend() as process:
            await work(before, process)

    async def erase() -> None:
        async with river.recommend() as process:
            await process.erasing.work(river.erasures.fetch(10))

    send(before, event("ben", 1))
    run(before, work_before)
    assert before.lists().keys() == {"ben"}
    send(river, {"user_id": "ben", "request_id": "r"}, topic="erasures")
    run(river, erase)
    assert river.lists() == {}
    assert river.states()["ben"].is_stub
