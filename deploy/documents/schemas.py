"""JSON Schemas of the public records, made from their structs."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from deploy.documents.docstrings import field_docs, sentences
from streams import events

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def components(records: Iterable[type[Struct]], template: str) -> dict[str, Schema]:
    """The schema of every struct that the records need, by name, each field with its description.

    Args:
        records: Structs of `streams.events`.
        template: Of references to them: `#/$defs/{name}`.
    """
    _, found = msgspec.json.schema_components(list(records), ref_template=template)
    docs = field_docs(events)
    for name, schema in found.items():
        schema["description"] = sentences(schema.get("description", ""))
        for field, of_field in schema.get("properties", {}).items():
            if field in docs[name]:
                of_field["description"] = docs[name][field]
    return found


def document(record: type[Struct]) -> Schema:
    """One record's schema, with all that it needs."""
    found = components([record], "#/$defs/{name}")
    own = found.pop(record.__name__)
    return {"$schema": DIALECT, **own} | ({"$defs": found} if found else {})
