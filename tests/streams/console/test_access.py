"""Who may ask, and from where."""

import pytest

from streams.console.access import HEADERS
from tests.streams.console.served import COOKIE, HOST, TOKEN, Served

EVENT = {"user_id": "ann", "item_id": "voyage", "action": "click"}
BEARER = {"authorization": f"Bearer {TOKEN}"}
BY_COOKIE = {"cookie": f"{COOKIE}={TOKEN}"}


@pytest.mark.parametrize(
    "path", ["/", "/status", "/users/ann/list", "/openapi.json", "/static/main.js", "/no/such"]
)
@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer wrong"}, {"cookie": f"{COOKIE}=wrong"}])
def test_nothing_is_told_without_the_token(served: Served, path: str, given: dict[str, str]) -> None:
    answer = served.browser(given).get(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {
        "what": "the token is missing or wrong",
        "where": "token",
        "try": "open the address that `freshet console` printed, or send `Authorization: Bearer TOKEN`",
    }


def test_the_token_of_the_address_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(
    served: Served,
) -> None:
    browser = served.browser({})
    answer = browser.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("/").text.startswith("<!doctype html>")
    assert served.browser({}).get("/?token=wrong").status_code == 401


def test_health_needs_no_token_and_says_when_nothing_can_be_answered_yet(served: Served) -> None:
    answer = served.browser({}).get("/health")
    assert (answer.status_code, answer.json()) == (503, {"status": "loading"})
    served.river.state = "ok"
    assert served.browser({}).get("/health").status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (HOST, 200),
        ("localhost:8642", 200),
        ("LOCALHOST", 200),
        ("evil.example:8642", 421),
        ("127.0.0.1.evil.example", 421),
        ("10.0.0.1:8642", 421),
        ("[::1:8642", 421),
        ("", 421),
    ],
)
def test_only_names_of_its_own_are_answered_whatever_dns_says(served: Served, host: str, status: int) -> None:
    assert served.client.get("/status", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (BEARER, 202),
        (BEARER | {"origin": f"http://{HOST}"}, 202),
        (BY_COOKIE | {"origin": f"http://{HOST}"}, 202),
        (BY_COOKIE, 403),
        (BY_COOKIE | {"origin": "http://evil.example"}, 403),
        (BY_COOKIE | {"origin": "http://127.0.0.1:9999"}, 403),
        (BY_COOKIE | {"origin": "null"}, 403),
        (BEARER | {"origin": "http://evil.example"}, 403),
    ],
)
def test_what_changes_something_comes_from_its_own_page_or_a_program(
    served: Served, headers: dict[str, str], status: int
) -> None:
    assert served.browser(headers).post("/interactions", json=EVENT).status_code == status
    assert len(served.produced) == (status == 202)


def test_every_answer_forbids_whatever_does_not_come_from_here(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.river, "user_ids", lambda *_: 1 / 0)
    asked = (
        (served.client, "/"),
        (served.client, "/no/such"),
        (served.client, "/users"),
        (served.browser({}), "/"),
    )
    for client, path in asked:
        headers = client.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "'unsafe" not in HEADERS["content-security-policy"]
