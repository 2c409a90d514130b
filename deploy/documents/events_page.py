"""`docs/events.md`: the topics and their records, for the eye."""

from typing import Any

from deploy.documents.channels import CHANNELS, Channel
from deploy.documents.markdown import NOTE, table
from deploy.documents.schemas import components
from streams.decoding import PACKED_LIMIT
from streams.topics import DAY_MS

INTRODUCTION = f"""\
# Topics and records

{NOTE}

Values are JSON in UTF-8, keys are ids in UTF-8. The same as JSON Schema: [`schemas/`](schemas); as AsyncAPI 3:
[`asyncapi.json`](asyncapi.json). Names can have a tenant's prefix (`FRESHET_TOPIC_PREFIX`). Every record of a user, and
every record of an item, belongs on the partition that Kafka's own partitioner chooses for its key: murmur2 of the key.
librdkafka's clients have to be told (`partitioner=murmur2_random`).

Where *packed* is said, a message may hold an array of 1 to {PACKED_LIMIT:,} records instead of one. A record with
a field that is not in the table is refused, unless its `schema_version` is a later one. What schemas cannot say: a
query has exactly one of its fields; a request has the fields of its own kind only (`similar` needs `item_id`,
`search` needs `query`), and `recent_item_ids` no `user_id` beside them.
"""


def page() -> str:
    """The page as Markdown."""
    schemas = components((channel.record for channel in CHANNELS), "{name}")
    topics = [_topic(channel) for channel in CHANNELS]
    heads = {channel.record.__name__ for channel in CHANNELS}
    parts = [f"### {name}\n\n{_record(schemas[name])}" for name in schemas if name not in heads]
    bodies = [
        f"## `{channel.name}`\n\n{_about(channel)}\n\n{_record(schemas[channel.record.__name__])}"
        for channel in CHANNELS
    ]
    head = ("topic", "key", "you", "partitions", "kept")
    return "\n".join([INTRODUCTION, table(head, topics), *bodies, "## Parts of records\n", *parts])


def _topic(channel: Channel) -> tuple[str, ...]:
    topic = channel.topic
    days = topic.retention_ms // DAY_MS
    kept = "the newest of each key" if topic.cleanup == "compact" else f"{days} day{'s' * (days > 1)}"
    you = "write" if channel.writer == "client" else "read"
    anchor = f"[`{channel.name}`](#{channel.name})"
    return anchor, channel.key, you, str(topic.partitions), kept


def _about(channel: Channel) -> str:
    more = [channel.about]
    if channel.packed:
        more.append("May be packed.")
    if channel.tombstone:
        more.append(f"Without a value: {channel.tombstone[0].lower()}{channel.tombstone[1:]}")
    return " ".join(more)


def _record(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", _type(field), "yes" if name in required else "", field.get("description", ""))
        for name, field in schema["properties"].items()
    ]
    return f"{schema['description']}\n\n{table(('field', 'type', 'always', ''), rows)}"


def _type(schema: dict[str, Any]) -> str:
    """A schema in words: `string, 1 to 256 characters`."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(part) for part in schema["anyOf"]))
    if "$ref" in schema:
        return f"[{schema['$ref']}](#{schema['$ref'].lower()})"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    return _plain_type(schema)


def _plain_type(schema: dict[str, Any]) -> str:
    name = str(schema["type"])
    if name == "array":
        return f"array of {_type(schema['items'])}{_limits(schema, 'minItems', 'maxItems', ' entries')}"
    if name == "object":
        return f"object of ({_type(schema['additionalProperties'])})"
    if name == "string":
        return name + _limits(schema, "minLength", "maxLength", " characters")
    return name + _limits(schema, "minimum", "maximum", "")


def _limits(schema: dict[str, Any], low: str, high: str, unit: str) -> str:
    least, most = schema.get(low), schema.get(high)
    if least is not None and most is not None:
        return f", {least:,.15g} to {most:,.15g}{unit}"
    if most is not None:
        return f", at most {most:,.15g}{unit}"
    return "" if least is None else f", at least {least:,.15g}{unit}"
