"""The contract as an AsyncAPI 3 document."""

from typing import Any

from deploy.documents.channels import CHANNELS, Channel
from deploy.documents.schemas import components
from streams.decoding import PACKED_LIMIT
from streams.events import SCHEMA_VERSION

BINDING = "0.5.0"
"""Version of AsyncAPI's binding for Kafka."""
_REPLIES = {"requests": "responses", "erasures": "erasure-receipts"}
REFERENCE = "#/components/schemas/{name}"


def document() -> dict[str, Any]:
    """Channels are the public topics; the operations are Freshet's: it receives what clients send."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Freshet",
            "version": f"{SCHEMA_VERSION}",
            "description": "People's events and media in, each user's list out. Names may have a tenant's prefix.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {_operation_name(channel): _operation(channel) for channel in CHANNELS},
        "components": {
            "messages": {channel.record.__name__: _message(channel) for channel in CHANNELS},
            "schemas": components((channel.record for channel in CHANNELS), REFERENCE),
        },
    }


def _channel(channel: Channel) -> dict[str, Any]:
    topic = channel.topic
    settings: dict[str, Any] = {
        "cleanup.policy": [topic.cleanup],
        "max.message.bytes": topic.max_message_bytes,
    }
    if topic.cleanup == "delete":
        settings["retention.ms"] = topic.retention_ms
    name = channel.record.__name__
    return {
        "address": channel.name,
        "description": channel.about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {
            "kafka": {
                "topic": channel.name,
                "partitions": topic.partitions,
                "topicConfiguration": settings,
                "bindingVersion": BINDING,
            }
        },
    }


def _message(channel: Channel) -> dict[str, Any]:
    name = channel.record.__name__
    one = {"$ref": REFERENCE.format(name=name)}
    payload: list[dict[str, Any]] = [one]
    if channel.packed:
        payload.append({"type": "array", "items": one, "minItems": 1, "maxItems": PACKED_LIMIT})
    if channel.tombstone:
        payload.append({"type": "null", "description": f"A tombstone. {channel.tombstone}"})
    return {
        "name": name,
        "summary": channel.about,
        "payload": one if len(payload) == 1 else {"oneOf": payload},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"{channel.key}, as UTF-8"},
                "bindingVersion": BINDING,
            }
        },
    }


def _operation_name(channel: Channel) -> str:
    return ("receive-" if channel.writer == "client" else "send-") + channel.name


def _operation(channel: Channel) -> dict[str, Any]:
    reference = f"#/channels/{channel.name}"
    operation: dict[str, Any] = {
        "action": "receive" if channel.writer == "client" else "send",
        "channel": {"$ref": reference},
        "messages": [{"$ref": f"{reference}/messages/{channel.record.__name__}"}],
    }
    if channel.name in _REPLIES:
        operation["reply"] = {"channel": {"$ref": f"#/channels/{_REPLIES[channel.name]}"}}
    return operation
