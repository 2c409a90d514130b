"""The generated documents are current, whole, and lead nowhere that is not there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.documents import documents
from deploy.documents.__main__ import FOLDER
from deploy.documents.channels import CHANNELS, INTERNAL
from deploy.documents.docstrings import constant_docs, field_docs
from streams import metrics, settings
from streams.settings import PREFIX, Settings
from streams.topics import table

DOCUMENTS = documents()
ASYNCAPI = json.loads(DOCUMENTS["asyncapi.json"])


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_as_it_would_be_written_now(path: str) -> None:
    written = (FOLDER / path).read_text()
    assert written == DOCUMENTS[path], "write it anew: python -m deploy.documents"


def test_no_document_of_a_former_record_is_left() -> None:
    assert {f"schemas/{path.name}" for path in (FOLDER / "schemas").iterdir()} <= DOCUMENTS.keys()


def test_every_topic_is_public_or_internal() -> None:
    public = [channel.name for channel in CHANNELS]
    assert sorted([*public, *INTERNAL]) == sorted(table(Settings()))
    assert ASYNCAPI["channels"].keys() == set(public)


def test_every_reference_leads_somewhere() -> None:
    for path, text in DOCUMENTS.items():
        if path.endswith(".json"):
            root = json.loads(text)
            for reference in _references(root):
                there = root
                for name in reference.removeprefix("#/").split("/"):
                    there = there[name]


def _references(value: Any) -> Iterator[str]:  # noqa: ANN401  # JSON
    if isinstance(value, dict):
        yield from (found for name, found in value.items() if name == "$ref")
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.startswith("schemas/")])
def test_a_schema_is_one(path: str) -> None:
    Draft202012Validator.check_schema(json.loads(DOCUMENTS[path]))


def test_what_the_contract_asks_for_is_in_the_asyncapi_document() -> None:
    channel = ASYNCAPI["channels"]["media"]["bindings"]["kafka"]
    assert channel["topicConfiguration"]["max.message.bytes"] == 16 * 2**20
    assert ASYNCAPI["channels"]["recommendations"]["bindings"]["kafka"]["topicConfiguration"][
        "cleanup.policy"
    ] == ["compact"]
    operations = {name: one["action"] for name, one in ASYNCAPI["operations"].items()}
    assert operations["receive-interactions"] == "receive"
    assert operations["send-recommendations"] == "send"
    action = ASYNCAPI["components"]["schemas"]["Interaction"]["properties"]["action"]
    assert "click" in action["enum"]
    assert action["description"].startswith("What they did.")


def test_every_setting_says_what_it_is_for() -> None:
    documented = field_docs(settings)["Settings"].keys()
    assert documented == Settings.model_fields.keys()
    for name in Settings.model_fields:
        assert f"`{PREFIX}{name.upper()}`" in DOCUMENTS["settings.md"]


def test_the_remedies_of_metrics_are_what_is_written_beneath_them() -> None:
    assert constant_docs(metrics)["REFUSALS"].startswith("Rising: `freshet dead-letters`")
    row = next(line for line in DOCUMENTS["watching.md"].splitlines() if "`freshet_refusals_total`" in line)
    assert "| counter | `topic`, `code` |" in row
    assert "Rising: `freshet dead-letters`" in row
