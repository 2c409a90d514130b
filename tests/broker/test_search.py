"""Search on real Kafka: by text and picture, in the index as it is now, while events stream and others ask."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app
from tests.broker.client import Client, ids, value_of
from tests.broker.river import River
from tests.pictures import jpeg, picture

PLOTS = {
    "voyage": "captain anchor vessel sail tide harbour gull",
    "bakery": "oven bread butter flour kettle spoon plate",
    "heist": "vault robbery diamond alarm getaway safe mask",
    "garden": "roses soil spade bees blossom hedge pond",
}
PICTURES = {item_id: jpeg(picture(number)) for number, item_id in enumerate(PLOTS)}
SEARCH_S = 15.0


@pytest.fixture(scope="module")
def client(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    prefix = f"search-{time.time_ns()}-"
    river = River(kafka, prefix, tmp_path_factory.mktemp("search"), image_encoder="efficientnet")
    client = Client(kafka, prefix)
    with river.workers(encode=1, recommend=2):
        for item_id, plot in PLOTS.items():
            image = {"data": base64.b64encode(PICTURES[item_id]).decode()}
            client.send("media", {"item_id": item_id, "text": plot, "image": image}, item_id)
        for item_id in PLOTS:
            client.wait("items", lambda m, item_id=item_id: m.key() == item_id.encode() and _has_both(m))  # type: ignore[misc]
        yield client
    client.close()


def _has_both(message: Any) -> bool:  # noqa: ANN401  # confluent's message
    return value_of(message).get("modalities") == 3


def ask(client: Client, request_id: str, partition: int = -1, **fields: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """The answer, which has to come on the partition where the question was written."""
    request = {"request_id": request_id, **fields}
    where, _ = client.send("requests", request, request_id, partition, {"trace": request_id.encode()})
    found = client.wait("responses", lambda m: value_of(m)["request_id"] == request_id, SEARCH_S)
    assert found.partition() == where
    assert dict(found.headers() or [])["trace"] == request_id.encode()
    return value_of(found)


@contextmanager
def streaming(client: Client) -> Iterator[list[tuple[str, tuple[int, int]]]]:
    """Events stream; the ones sent so far, by user and place."""
    sent: list[tuple[str, tuple[int, int]]] = []
    ended = threading.Event()
    other = Client(client.kafka, client.prefix)

    def send() -> None:
        for number in range(100_000):
            if ended.wait(0.01):
                return
            event = {
                "user_id": f"u{number % 20}",
                "item_id": list(PLOTS)[number % 3],
                "action": "click",
                "event_id": f"e{number}",
            }
            sent.append((event["user_id"], other.send("interactions", event, event["user_id"])))

    thread = threading.Thread(target=send)
    thread.start()
    yield sent
    ended.set()
    thread.join()


def test_searches_are_answered_while_events_stream_and_nothing_of_them_is_lost(client: Client) -> None:
    with streaming(client) as sent:
        for number, (item_id, plot) in enumerate(PLOTS.items()):
            words = " ".join(plot.split()[1:4])
            found = ask(client, f"text-{number}", number, kind="search", query={"text": words})
            assert ids(found)[0] == item_id
            assert found["items"][0]["reasons"] == [{"kind": "modality", "modality": "text", "weight": 1.0}]
            image = {"data": base64.b64encode(PICTURES[item_id]).decode()}
            found = ask(client, f"image-{number}", number, kind="search", query={"image": image})
            assert ids(found)[0] == item_id
    for user_id, place in sent[-20:]:
        client.list_after(user_id, place)


def test_search_is_paged_filtered_and_without_what_the_user_hid(client: Client) -> None:
    query = {"text": "captain anchor vessel oven bread"}
    whole = ids(ask(client, "whole", kind="search", query=query))
    assert sorted(whole) == sorted(PLOTS)
    paged = [ids(ask(client, f"page-{s}", kind="search", query=query, k=2, skip=s)) for s in (0, 2, 4)]
    assert paged == [whole[:2], whole[2:], []]
    hide = {"event_id": "hide", "user_id": "shy", "item_id": "voyage", "action": "hide"}
    client.list_after("shy", client.send("interactions", hide, "shy"))
    # Asked on whatever partition, the user's own worker knows.
    assert "voyage" not in ids(ask(client, "shy-asks", kind="search", query=query, user_id="shy"))
    client.send("media", {"item_id": "bakery", "category": "food"}, "bakery")
    client.wait("items", lambda m: value_of(m).get("category") == "food")
    deadline_s = time.monotonic() + SEARCH_S
    while ids(
        ask(client, f"food-{time.time_ns()}", kind="search", query=query, filter={"category": "food"})
    ) != ["bakery"]:
        assert time.monotonic() < deadline_s


def test_similar_by_one_modality(client: Client) -> None:
    found = ask(client, "alike", kind="similar", item_id="voyage", modality="image")
    assert sorted(ids(found)) == sorted(set(PLOTS) - {"voyage"})


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"query": {"image": {"data": "bm8gcGljdHVyZQ=="}}}, "the query's image cannot be encoded: no image"),
        ({"query": {"audio": {"data": "bm8gc291bmQ="}}}, "FRESHET_AUDIO_ENCODER is none"),
        ({"query": {"image": {"url": "http://169.254.169.254/x"}}}, "169.254.169.254"),
        ({"query": {"text": "late"}, "deadline_ms": 1}, "too late"),
    ],
)
def test_a_search_without_an_answer_says_why(client: Client, fields: dict[str, Any], error: str) -> None:
    found = ask(client, f"no-{error}"[:40], kind="search", **fields)
    assert error in found["error"]
    assert found["items"] == []


def test_a_new_item_is_found_as_soon_as_it_is_there_and_a_deleted_one_no_more(client: Client) -> None:
    def found(at: str) -> bool:
        return "comet" in ids(
            ask(client, f"{at}-{time.time_ns()}", kind="search", query={"text": "comet tail"})
        )

    deadline_s = time.monotonic() + SEARCH_S
    client.send("media", {"item_id": "comet", "text": "comet tail orbit star"}, "comet")
    while not found("new"):
        assert time.monotonic() < deadline_s
    client.send("media", None, "comet")
    while found("gone"):
        assert time.monotonic() < deadline_s


def freshet(client: Client, *arguments: str) -> Result:
    environment = {"FRESHET_KAFKA": client.kafka, "FRESHET_TOPIC_PREFIX": client.prefix}
    return CliRunner().invoke(app, arguments, env=environment)


def test_freshet_ask_shows_titles_and_writes_json(client: Client, tmp_path: Path) -> None:
    client.send("media", {"item_id": "heist", "title": "The Vault"}, "heist")
    client.wait("items", lambda m: value_of(m).get("title") == "The Vault")
    shown = freshet(client, "ask", "search", "robbery diamond", "--k", "1")
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert "heist  The Vault" in shown.stdout
    (tmp_path / "picture.jpg").write_bytes(PICTURES["garden"])
    found = freshet(client, "ask", "search", "--image", str(tmp_path / "picture.jpg"), "--json", "-")
    assert ids(json.loads(found.stdout))[0] == "garden"
    assert freshet(client, "ask", "recommend", "--recent", "garden", "--category", "food").exit_code == 0
    assert "heist" not in freshet(client, "ask", "similar", "heist").stdout.split()


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (["similar", "nobody's"], 1, "item nobody's is unknown"),
        (["recommend", "--category", "none such"], 1, "nothing found"),
        (["search"], 2, "a query has one of text, image and audio"),
        (["recommend", "--k", "0"], 2, "Expected `int` >= 1 - at `$.k`"),
        (["recommend", "--near", "here"], 2, "expected LAT,LON,KM, as 48.14,11.58,50"),
        (["search", "--image", "/no/such/file"], 2, "No such file or directory: /no/such/file"),
    ],
)
def test_freshet_ask_says_in_one_line_what_is_wrong(
    client: Client, arguments: list[str], exit_code: int, said: str
) -> None:
    result = freshet(client, "ask", *arguments)
    assert result.exit_code == exit_code
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_freshet_why_says_what_speaks_for_an_item_or_where_it_stands(client: Client) -> None:
    click = {"event_id": "why", "user_id": "asks-why", "item_id": "voyage", "action": "click"}
    listed = ids(client.list_after("asks-why", client.send("interactions", click, "asks-why")))
    result = freshet(client, "why", "asks-why", listed[0])
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"{listed[0]}: in the user's newest list")
    result = freshet(client, "why", "newcomer", "garden")
    assert result.exit_code == 0
    assert result.stdout.startswith("garden: the user has no list yet; where it would stand now\n")
    result = freshet(client, "why", "asks-why", "no such item")
    assert result.exit_code == 1
    assert "is not among the first 1,000" in result.stderr


def test_nothing_of_this_is_a_dead_letter(client: Client) -> None:
    assert client.read_to_end("dead-letters") == []
