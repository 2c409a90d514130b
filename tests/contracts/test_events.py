"""The published schemas say the same as the decoder that serves, as far as JSON Schema can."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.documents import schemas
from deploy.documents.channels import CHANNELS
from streams.decoding import EventDecoder
from tests.contracts.samples.events import BAD, BEYOND_SCHEMAS, GOOD, Samples

WRITTEN = {channel.name: channel.record for channel in CHANNELS if channel.writer == "client"}


def _each(samples: Samples) -> list[Any]:
    return [
        pytest.param(topic, value, id=f"{topic} {json.dumps(value)[:50]}")
        for topic, values in samples.items()
        for value in values
    ]


def _is_decoded(topic: str, value: dict[str, Any]) -> bool:
    return not EventDecoder(WRITTEN[topic]).decode(json.dumps(value).encode()).refusals


def _fits_schema(topic: str, value: dict[str, Any]) -> bool:
    return bool(Draft202012Validator(schemas.document(WRITTEN[topic])).is_valid(value))


def test_every_topic_that_clients_write_has_samples() -> None:
    assert GOOD.keys() == BAD.keys() == WRITTEN.keys()


@pytest.mark.parametrize(("topic", "value"), _each(GOOD))
def test_a_good_record_fits_its_schema_and_is_taken(topic: str, value: dict[str, Any]) -> None:
    assert _is_decoded(topic, value)
    assert _fits_schema(topic, value)


@pytest.mark.parametrize(("topic", "value"), _each(BAD))
def test_a_bad_record_fits_no_schema_and_is_refused(topic: str, value: dict[str, Any]) -> None:
    assert not _is_decoded(topic, value)
    assert not _fits_schema(topic, value)


@pytest.mark.parametrize(("topic", "value"), _each(BEYOND_SCHEMAS))
def test_what_two_fields_must_be_together_is_known_to_the_decoder_only(
    topic: str, value: dict[str, Any]
) -> None:
    assert not _is_decoded(topic, value)
    assert _fits_schema(topic, value)
