"""People are named by their ids to every verb, and their ids are in no topic and in no file."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.pseudonyms import NO_PSEUDONYM, key_id, pseudonym
from streams.settings import PREFIX, to_environ
from tests.broker.river import River, wait_for

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PEOPLE = ("ann@example.org", "bob@example.org", "cyd@example.org")
ANN, BOB, CYD = PEOPLE
STRANGER = "dee@example.org"
"""Whose client knows nothing of pseudonyms."""


class Operator:
    """Somebody at a terminal who has the keys."""

    def __init__(self, river: River, folder: Path) -> None:
        self._keys, self._folder = folder / "keys", folder
        self._environ = to_environ(river.settings) | {f"{PREFIX}PSEUDONYM_KEY_FILE": str(self._keys)}

    def add_key(self, key: bytes) -> None:
        with self._keys.open("a") as file:
            file.write(base64.b64encode(key).decode() + "\n")

    def take(self, *keys: bytes) -> None:
        """Sets whose pseudonyms are taken."""
        self._environ[f"{PREFIX}PSEUDONYMS"] = ",".join(map(key_id, keys))

    def type(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(words), env=self._environ, catch_exceptions=False)
        return done.exit_code, done.stdout

    def json(self, *words: str) -> tuple[int, Any]:
        code, printed = self.type(*words, "--json", "-")
        return code, json.loads(printed)

    def lists_of(self, user: str) -> list[str]:
        """What the user is called in their lists."""
        _, printed = self.type("lists", "--user", user, "--json", "-")
        return [json.loads(line)["user_id"] for line in printed.splitlines()]

    def produce(self, *users: str) -> None:
        rows = [f"{user},item-{number}\n" for user in users for number in range(4)]
        (self._folder / "events.csv").write_text("user_id,item_id\n" + "".join(rows))
        file = str(self._folder / "events.csv")
        assert self.type("produce", "interactions", file, "--set", "action=click")[0] == 0


@pytest.fixture(scope="module")
def river(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> River:
    return River(
        kafka,
        "pseudonyms-",
        tmp_path_factory.mktemp("pseudonyms"),
        partitions=2,
        log_level="DEBUG",
        pseudonyms=f"{key_id(OLD)},{key_id(NEW)}",
        snapshot_interval_s=1.0,
        publish_interval_s=0.5,
    )


@pytest.fixture(scope="module")
def operator(river: River, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    operator = Operator(river, tmp_path_factory.mktemp("operator"))
    operator.add_key(OLD)
    with river.workers(recommend=1, learn=1):
        yield operator


def waited_lists(operator: Operator, user: str, count: int) -> list[str]:
    found: list[str] = []

    def there() -> bool:
        found[:] = operator.lists_of(user)
        return len(found) == count

    wait_for(there, 30, lambda: str(found))
    return found


def test_ids_are_in_no_topic_and_no_file_while_the_verbs_take_them(river: River, operator: Operator) -> None:
    operator.produce(*PEOPLE)
    for user in PEOPLE:
        assert waited_lists(operator, user, 1) == [pseudonym(user, OLD)]
    # What came last is learned once the log has stood for a second or two.
    wait_for(
        lambda: operator.type("why", ANN, "item-0")[0] == 0,
        30,
        lambda: "item-0 is in nobody's list",
        pause_s=1.0,
    )
    assert operator.json("ask", "recommend", "--user", ANN)[0] == 0
    store = Path(river.settings.store_url)
    wait_for(lambda: any(path.is_file() for path in store.rglob("*")), 30, lambda: "no snapshot")
    code, found = operator.json("audit", ANN)
    named, unnamed = found["subjects"]
    # There is no receipt, so what is found of the pseudonym is a leak; of the id nothing is found.
    assert (code, named["id"], unnamed["id"]) == (1, pseudonym(ANN, OLD), ANN)
    assert {"topic interactions", "topic users", "topic recommendations"} <= {
        f["where"] for f in named["finds"]
    }
    assert (unnamed["finds"], found["problems"], found["searched"]["workers"]) == ([], [], 2)
    assert found["searched"]["files of the store"] > 0
    assert (river.settings.home / "workers.log").read_text().count("\n") > 10


def test_a_clients_own_id_goes_no_further_than_the_client_wrote_it(river: River, operator: Operator) -> None:
    event = {"user_id": STRANGER, "item_id": "item-0", "action": "click"}
    river.produce("interactions", event, STRANGER)
    river.produce("interactions", event | {"action": STRANGER}, STRANGER)
    river.produce("requests", {"user_id": STRANGER, "request_id": "r"}, STRANGER)
    river.flush()
    wait_for(lambda: len(river.records("dead-letters")) >= 3, 30, lambda: "no dead letters")
    letters = [json.loads(record.value()) for record in river.records("dead-letters")]
    assert sorted(letter["error"]["code"] for letter in letters) == ["invalid", NO_PSEUDONYM, NO_PSEUDONYM]
    code, found = operator.json("audit", STRANGER)
    assert code == 1
    _, unnamed = found["subjects"]
    assert {find["where"] for find in unnamed["finds"]} == {"topic interactions", "topic requests"}


def test_with_another_key_a_user_is_a_new_one_whom_the_verbs_still_know(operator: Operator) -> None:
    operator.add_key(NEW)
    assert operator.lists_of(CYD) == [pseudonym(CYD, OLD)]
    operator.produce(CYD)
    assert waited_lists(operator, CYD, 2) == [pseudonym(CYD, OLD), pseudonym(CYD, NEW)]
    code, receipts = operator.json("erase", CYD, "--wait")
    assert (code, {receipt["user_id"] for receipt in receipts}) == (
        0, {pseudonym(CYD, OLD), pseudonym(CYD, NEW)},
    )  # fmt: skip
    assert all(receipt["erased"]["users"] == 1 for receipt in receipts)
    assert operator.type("lists", "--user", CYD)[0] == 1

    def is_clean() -> bool:
        return operator.json("audit", CYD)[0] == 0

    wait_for(is_clean, 30, lambda: str(operator.json("audit", CYD)), pause_s=1.0)


def test_who_is_left_of_a_key_is_erased_with_it(river: River, operator: Operator) -> None:
    assert operator.type("erase", "--of-key", key_id(OLD))[0] == 2
    operator.produce(BOB)
    waited_lists(operator, BOB, 2)
    operator.take(NEW)
    code, receipts = operator.json("erase", "--of-key", key_id(OLD), "--wait")
    assert (code, {receipt["user_id"] for receipt in receipts}) == (
        0,
        {pseudonym(ANN, OLD), pseudonym(BOB, OLD)},
    )
    assert operator.lists_of(BOB) == [pseudonym(BOB, NEW)]
    assert {pseudonym(BOB, NEW)} == river.lists().keys()
    assert operator.json("erase", "--of-key", key_id(OLD)) == (0, [])
