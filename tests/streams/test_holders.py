import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from streams.holders import Holders


def get(served: Callable[..., Any], path: str, query: str = "") -> tuple[str, Any]:
    statuses: list[str] = []
    body = served({"PATH_INFO": path, "QUERY_STRING": query}, lambda status, _: statuses.append(status))
    return statuses[0], json.loads(b"".join(body))


def metrics(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [])
    return [b'"metrics"']


def test_stores_are_looked_at_in_their_own_loop_and_metrics_stay() -> None:
    holders = Holders()
    served = holders.around(metrics)
    looked_in: list[threading.Thread] = []

    def holds(user_id: str) -> bool:
        looked_in.append(threading.current_thread())
        return user_id == "a b/ü"

    async def story() -> None:
        holders.start("recommend", {"users": holds, "lists": lambda _: False}, {"vectors": lambda _: True})
        asked = "user=a%20b%2F%C3%BC&user=c"
        found = {"role": "recommend", "holds": {"users": ["a b/ü"], "lists": []}}
        assert await asyncio.to_thread(get, served, "/audit", asked) == ("200 OK", found)
        found = {"role": "recommend", "holds": {"vectors": ["i"]}}
        assert await asyncio.to_thread(get, served, "/audit", "item=i") == ("200 OK", found)
        assert await asyncio.to_thread(get, served, "/metrics") == ("200 OK", "metrics")
        assert looked_in == [threading.current_thread()] * 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("query", "status"),
    [("", "400"), ("user=a&item=b", "400"), ("who=a", "400"), ("user=a", "503"), ("item=a", "503")],
)
def test_what_cannot_be_answered_says_why(query: str, status: str) -> None:
    found, answer = get(Holders().around(metrics), "/audit", query)
    assert found.startswith(status)
    assert answer["error"]
