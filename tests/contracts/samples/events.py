"""Records of the topics that clients write: good ones, and what is refused, most of it by their schemas too."""

from typing import Any

Samples = dict[str, list[dict[str, Any]]]
"""By topic."""

ACTED = {"user_id": "u", "item_id": "i", "action": "click"}
ASKED = {"request_id": "r"}

GOOD: Samples = {
    "interactions": [
        ACTED,
        ACTED | {"event_id": "e", "value": 2, "timestamp_ms": 0, "list_id": "", "schema_version": 1},
        ACTED | {"event_id": None, "timestamp_ms": None, "context": {"shop": 7, "new": True, "why": None}},
        ACTED | {"user_id": "Zoë 🛒", "item_id": "x" * 256, "action": "rate", "value": -0.5},
    ],
    "media": [
        {"item_id": "i"},
        {"item_id": "i", "title": None, "tags": [], "available": False, "price": 0},
        {"item_id": "i", "image": {"url": "https://host/a.png"}, "location": {"lat": -90, "lon": 180.0}},
        {"item_id": "i", "audio": {"data": "AAAA", "format": "wav"}, "attributes": {"brand": "b"}},
    ],
    "requests": [
        ASKED,
        ASKED | {"user_id": "u", "k": 100, "skip": 10, "exclude": ["i"], "deadline_ms": 5},
        ASKED | {"kind": "similar", "item_id": "i", "modality": "image", "filter": {"tags": ["a"]}},
        ASKED
        | {"kind": "search", "query": {"text": "tea"}, "filter": {"near": {"lat": 1, "lon": 2, "km": 3}}},
        ASKED | {"recent_item_ids": ["i", "j"]},
        ASKED | {"kind": "trending", "window": "day", "filter": {"new": True}},
    ],
    "erasures": [{"user_id": "u", "request_id": "r"}, {"user_id": "u", "request_id": "r", "timestamp_ms": 0}],
}
BAD: Samples = {
    "interactions": [
        {"user_id": "u", "item_id": "i"},
        ACTED | {"action": "clock"},
        ACTED | {"valeu": 1},
        ACTED | {"user_id": ""},
        ACTED | {"user_id": "  "},
        ACTED | {"item_id": "i" * 257},
        ACTED | {"event_id": 5},
        ACTED | {"value": "2"},
        ACTED | {"value": 1e13},
        ACTED | {"timestamp_ms": -1},
        ACTED | {"timestamp_ms": 1.5},
        ACTED | {"context": {"nested": {"a": 1}}},
        ACTED | {"schema_version": 0},
    ],
    "media": [
        {},
        {"item_id": "i", "titel": "T"},
        {"item_id": "i", "title": 5},
        {"item_id": "i", "price": -1},
        {"item_id": "i", "tags": "a,b"},
        {"item_id": "i", "image": "https://host/a.png"},
        {"item_id": "i", "image": {"uri": "https://host/a.png"}},
        {"item_id": "i", "location": {"lat": 91, "lon": 0}},
        {"item_id": "i", "location": {"lat": 0}},
    ],
    "requests": [
        {},
        ASKED | {"k": 0},
        ASKED | {"k": 101},
        ASKED | {"kind": "guess"},
        ASKED | {"skip": 1001},
        ASKED | {"kind": "trending", "window": "month"},
        ASKED | {"recent_item_ids": ["i"] * 61},
        ASKED | {"filter": {"near": {"lat": 1, "lon": 2, "km": 0}}},
        ASKED | {"filter": {"catgory": "tea"}},
    ],
    "erasures": [
        {"user_id": "u"},
        {"user_id": "", "request_id": "r"},
        {"user_id": "u", "request_id": "r", "all": True},
    ],
}
BEYOND_SCHEMAS: Samples = {
    "requests": [
        ASKED | {"kind": "similar"},
        ASKED | {"item_id": "i"},
        ASKED | {"window": "day"},
        ASKED | {"kind": "search", "query": {}},
        ASKED | {"kind": "search", "query": {"text": "tea", "image": {"url": "https://host/a.png"}}},
        ASKED | {"recent_item_ids": ["i"], "user_id": "u"},
    ],
}
"""Refused for what two fields are together."""
