"""What the read API answers, and that it is what /openapi.json says."""

import asyncio
from io import BytesIO
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from streams.asking import NoAnswerError
from streams.console.catalogue import FORM_BYTES
from streams.console.users import UserEndpoints
from streams.events import Response
from streams.follower import Record
from tests.pictures import jpeg, picture
from tests.streams.console.served import Served, recommendation, response

FILE = {"image": ("p.jpg", jpeg(picture(1)), "image/jpeg")}


def checked(served: Served, answer: httpx.Response, path: str, status: int = 200) -> Any:  # noqa: ANN401  # JSON
    """The answer's JSON, which has the status and is as the document says."""
    assert answer.status_code == status, answer.text
    described = served.client.get("/openapi.json").json()
    operation = described["paths"][path][answer.request.method.lower()]
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    Draft202012Validator({**schema, "components": described["components"]}).validate(answer.json())
    return answer.json()


def test_a_list_is_the_newest_one_with_its_record_and_the_titles_of_items_and_reasons(served: Served) -> None:
    found = checked(served, served.client.get("/users/ann/list"), "/users/{user_id}/list")
    assert [place["item_id"] for place in found["recommendation"]["items"]] == ["a/reef", "voyage"]
    assert found["record"] == {"partition": 0, "offset": 1, "timestamp_ms": 1_700_000_000_017}
    assert found["items"] == {
        "a/reef": {"title": "The Reef", "has_picture": True},
        "voyage": {"title": "The Voyage", "category": "sea", "has_picture": True},
    }


@pytest.mark.parametrize("path", ["/users/b/ob/list", "/users/b%2Fob/list"])
def test_ids_may_contain_slashes(served: Served, path: str) -> None:
    assert served.client.get(path).json()["recommendation"]["user_id"] == "b/ob"


def test_a_list_that_was_taken_back_is_there_no_more(served: Served) -> None:
    served.put("recommendations", "ann", None)
    found = checked(served, served.client.get("/users/ann/list"), "/users/{user_id}/list", 404)
    assert found["what"] == "user ann has no list"
    assert found["where"] == "/users/ann/list"
    assert served.client.get("/users").json() == {"user_ids": ["b/ob"]}


def test_no_list_comes_after_a_newer_one(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(offset: int) -> Record:
        value = msgspec.json.encode(recommendation("ann", f"item-{offset}"))
        return Record(0, offset, b"ann", value, 1_700_000_000_000 + offset, {})

    async def newest(_base: str, _key: str) -> Record:
        # Twice compaction has removed what was to be read; the newer ones came meanwhile.
        served.river.subscribers.publish(at(10))
        served.river.subscribers.publish(at(11))
        return at(11)

    async def story() -> list[int]:
        events = UserEndpoints(served.river, served.names)._lists(["ann"])
        first = await anext(events)
        served.river.subscribers.publish(at(12))
        return [msgspec.json.decode(str(e.data))["record"]["offset"] for e in (first, await anext(events))]

    monkeypatch.setattr(served.river, "newest", newest)
    assert asyncio.run(story()) == [11, 12]


def test_history_is_what_the_workers_remember(served: Served) -> None:
    found = checked(served, served.client.get("/users/ann/history"), "/users/{user_id}/history")
    assert [(event["item_id"], event["timestamp_ms"]) for event in found["events"]] == [
        ("plain", 1_700_000_001_000),
        ("voyage", 1_700_000_000_000),
    ]
    assert found["items"]["plain"] == {"title": "No picture"}
    checked(served, served.client.get("/users/bob/history"), "/users/{user_id}/history", 404)
    first = checked(served, served.client.get("/users/b/ob/history"), "/users/{user_id}/history")
    assert first["events"] == []


def test_users_are_found_by_a_part_of_their_ids(served: Served) -> None:
    assert checked(served, served.client.get("/users?contains=b"), "/users") == {"user_ids": ["b/ob"]}
    assert served.client.get("/users?limit=1").json() == {"user_ids": ["ann"]}


def test_an_item_is_its_document(served: Served) -> None:
    found = checked(served, served.client.get("/items/voyage"), "/items/{item_id}")
    assert (found["title"], found["modalities"]) == ("The Voyage", 2)
    checked(served, served.client.get("/items/none"), "/items/{item_id}", 404)


@pytest.mark.parametrize(("item_id", "size"), [("voyage", (320, 240)), ("a/reef", (320, 213))])
def test_pictures_are_small_and_come_from_the_console_wherever_they_are(
    served: Served, item_id: str, size: tuple[int, int]
) -> None:
    for _ in range(2):
        answer = served.client.get(f"/items/{item_id}/picture")
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(BytesIO(answer.content)) as image:
            assert (image.format, image.size) == ("JPEG", size)


@pytest.mark.parametrize(
    ("item_id", "status", "said"),
    [("plain", 404, "has no picture"), ("broken", 502, "no image"), ("none", 404, "is unknown")],
)
def test_why_there_is_no_picture_is_said(served: Served, item_id: str, status: int, said: str) -> None:
    answer = served.client.get(f"/items/{item_id}/picture")
    assert said in checked(served, answer, "/items/{item_id}/picture", status)["what"]


def test_similar_items_are_the_workers_answer_with_titles(served: Served) -> None:
    served.answers["similar"] = response("a/reef", "plain")
    answer = served.client.get("/items/voyage/similar?k=2&modality=image&tag=sea&tag=blue&user_id=ann")
    found = checked(served, answer, "/items/{item_id}/similar")
    assert [place["item_id"] for place in found["places"]] == ["a/reef", "plain"]
    assert found["items"]["plain"]["title"] == "No picture"
    (asked,) = served.asked
    assert (asked.item_id, asked.modality, asked.k, asked.user_id) == ("voyage", "image", 2, "ann")
    assert asked.filter is not None
    assert asked.filter.tags == ["sea", "blue"]
    assert asked.deadline_ms is not None


def test_what_is_trending_and_new(served: Served) -> None:
    served.answers["trending"] = response("plain")
    checked(served, served.client.get("/trending?window=day&new=true"), "/trending")
    (asked,) = served.asked
    assert asked.filter is not None
    assert (asked.window, asked.filter.new) == ("day", True)


def test_search_by_words_and_by_a_picture(served: Served) -> None:
    served.answers["search"] = response("voyage")
    checked(served, served.client.get("/search", params={"text": "ship & sea"}), "/search")
    checked(served, served.client.post("/search?k=3", files=FILE), "/search")
    words, file = (asked.query for asked in served.asked)
    assert words is not None
    assert words.text == "ship & sea"
    assert file is not None
    assert file.image is not None


@pytest.mark.parametrize(
    ("path", "described", "said"),
    [
        ("/search", "/search", "missing required field `text`"),
        ("/search?text=", "/search", "length >= 1"),
        ("/search?text=a&k=0", "/search", ">= 1 - at `$.k`"),
        ("/search?text=a&K=1", "/search", "unknown field `K`"),
        (
            "/items/voyage/similar?modality=smell",
            "/items/{item_id}/similar",
            "Expected one of audio image location text video, got 'smell' - at",
        ),
        ("/users?limit=many", "/users", "Expected `int`, got `str`"),
        ("/users/%20/list", "/users/{user_id}/list", "matching regex"),
    ],
)
def test_a_wrong_parameter_is_named(served: Served, path: str, described: str, said: str) -> None:
    assert said in checked(served, served.client.get(path), described, 422)["what"]
    assert served.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("too late: deadline_ms was 3 ms ago; nothing was looked for", 504),
        ("internal: KeyError: 1", 500),
        ("item voyage has no vector yet", 422),
    ],
)
def test_what_the_workers_say_is_an_error_with_a_fitting_status(
    served: Served, error: str, status: int
) -> None:
    served.answers["similar"] = response(error=error)
    answer = served.client.get("/items/voyage/similar")
    assert checked(served, answer, "/items/{item_id}/similar", status)["what"] == error


def test_silence_of_the_workers_is_a_gateway_that_waited_too_long(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object) -> Response:
        msg = "request r was not answered in 10 s"
        raise NoAnswerError(msg)

    monkeypatch.setattr("tests.streams.console.served._Askers.ask", ask)
    found = checked(served, served.client.get("/search?text=a"), "/search", 504)
    assert found["what"] == "request r was not answered in 10 s"


def test_forms_are_bounded_and_have_a_file(served: Served) -> None:
    long = {"content-length": str(FORM_BYTES + 1)}
    assert (
        "at most"
        in checked(served, served.client.post("/search", headers=long, content=b"x"), "/search", 413)["what"]
    )
    checked(served, served.client.post("/search", content=iter([b"x"])), "/search", 411)
    checked(served, served.client.post("/search", files={"other": b"x"}), "/search", 422)
    checked(served, served.client.post("/search", files=FILE, data={"text": "a"}), "/search", 400)


def test_an_event_gets_an_id_and_a_time_and_its_place_is_told(served: Served) -> None:
    event = {"user_id": "ann", "item_id": "voyage", "action": "like"}
    found = checked(served, served.client.post("/interactions", json=event), "/interactions", 202)
    (produced,) = served.produced
    assert found == {
        "event_id": produced.event_id,
        "record": {"partition": 3, "offset": 41, "timestamp_ms": 1_700_000_000_123},
    }
    assert produced.timestamp_ms is not None
    own = event | {"event_id": "mine", "timestamp_ms": 5}
    assert served.client.post("/interactions", json=own).json()["event_id"] == "mine"
    assert served.produced[1].timestamp_ms == 5


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (
            b'{"user_id":"ann","item_id":"voyage","action":"dance"}',
            422,
            "skip view, got 'dance' - at `$.action`",
        ),
        (b"oops", 422, "JSON is malformed"),
        (b" " * 70_000, 413, "at most 65,536 bytes"),
    ],
)
def test_what_is_no_event_is_refused(served: Served, body: bytes, status: int, said: str) -> None:
    found = checked(served, served.client.post("/interactions", content=body), "/interactions", status)
    assert said in found["what"]
    assert served.produced == []


@pytest.mark.parametrize("path", ["/status", "/quality"])
def test_the_river_is_told_before_anything_flows(served: Served, path: str) -> None:
    assert checked(served, served.client.get(path), path)["model"] is None


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/no/such", 404), ("DELETE", "/status", 405)])
def test_what_there_is_not_is_a_problem_too(served: Served, method: str, path: str, status: int) -> None:
    answer = served.client.request(method, path)
    assert (answer.status_code, answer.json()["where"]) == (status, path)


def test_what_nobody_expected_is_told_without_details(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.river, "user_ids", lambda *_: 1 / 0)
    found = checked(served, served.client.get("/users"), "/users", 500)
    assert found["what"] == "internal: ZeroDivisionError"
