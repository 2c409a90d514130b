"""The document of the read API: whole, and about all that there is."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.streams.console.served import Served


@pytest.fixture
def described(served: Served) -> dict[str, Any]:
    found: dict[str, Any] = served.client.get("/openapi.json").json()
    return found


def references(part: object) -> set[str]:
    """Every `$ref` below a part of the document."""
    if isinstance(part, dict):
        own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
        return own.union(*(references(value) for value in part.values()))
    return set().union(*(references(value) for value in part)) if isinstance(part, list) else set()


def test_every_schema_is_one_and_every_reference_leads_to_it_and_none_is_left_over(
    described: dict[str, Any],
) -> None:
    schemas = described["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert references(described) == {f"#/components/schemas/{name}" for name in schemas}


def test_every_route_is_described_once(served: Served, described: dict[str, Any]) -> None:
    told = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert told == {(operation.method, operation.path) for operation in served.table}
    ids = [
        operation["operationId"] for methods in described["paths"].values() for operation in methods.values()
    ]
    assert len(set(ids)) == len(ids)


def test_parameters_are_those_of_path_and_struct(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"].endswith(".")
    search = described["paths"]["/search"]["get"]["parameters"]
    assert [p["name"] for p in search if p["required"]] == ["text"]
    assert {p["name"] for p in search} == {
        "text",
        "k",
        "skip",
        "user_id",
        "category",
        "tag",
        "max_price",
        "new",
    }


def test_only_health_needs_no_token(described: dict[str, Any]) -> None:
    free = [
        path for path, methods in described["paths"].items() if methods.get("get", {}).get("security") == []
    ]
    assert free == ["/health"]
