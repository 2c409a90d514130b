from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.retention import MARGIN_MS, held_until, latest
from streams.settings import Settings
from streams.topics import DAY_MS, HOUR_MS, table

SETTINGS = Settings(topic_prefix="shop-")
NOW_MS = 1_700_000_000_000


class Cluster:
    """An admin client of a cluster whose topics are as the table says, but for what is given."""

    def __init__(self, **changed: dict[str, str]) -> None:
        self._changed = changed

    def describe_configs(self, resources: list[Any]) -> dict[Any, Future[Any]]:
        found: dict[Any, Future[Any]] = {}
        for resource in resources:
            base = resource.name.removeprefix("shop-")
            config = table(SETTINGS)[base].config | self._changed.get(base.replace("-", "_"), {})
            found[resource] = Future()
            found[resource].set_result({name: SimpleNamespace(value=v) for name, v in config.items()})
        return found


def until(**changed: dict[str, str]) -> dict[str, int | None]:
    return held_until(cast(Any, Cluster(**changed)), SETTINGS, NOW_MS)


def test_every_topic_that_names_users_is_stated_and_no_other() -> None:
    assert until().keys() == {name for name, row in table(SETTINGS).items() if row.names_users}
    assert not {"items", "media", "model", "embeddings", "rules"} & until().keys()


def test_a_record_goes_with_its_file_and_a_file_with_its_newest_record() -> None:
    found = until(interactions={"message.timestamp.after.max.ms": str(HOUR_MS)})
    assert found["interactions"] == NOW_MS + 7 * DAY_MS + DAY_MS + HOUR_MS + MARGIN_MS
    assert found["requests"] == NOW_MS + DAY_MS + DAY_MS + MARGIN_MS
    assert found["users"] == NOW_MS + 4 * 6 * HOUR_MS + DAY_MS + MARGIN_MS


@pytest.mark.parametrize(
    "changed",
    [
        {"interactions": {"retention.ms": "-1"}},
        {"interactions": {"message.timestamp.after.max.ms": str(2**63 - 1)}},
        {"users": {"max.compaction.lag.ms": str(2**63 - 1)}},
    ],
)
def test_what_stays_for_ever_or_nobody_knows_how_long_has_no_time(changed: dict[str, dict[str, str]]) -> None:
    found = until(**changed)
    assert found[next(iter(changed))] is None
    assert latest(found) is None


def test_the_latest_counts() -> None:
    assert latest({"a": 3, "b": 5}) == 5
