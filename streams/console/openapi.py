"""/openapi.json: OpenAPI 3.1 of the read API, made from the table of operations and the structs it names."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec

from streams.console.access import OPEN_PATH
from streams.console.operations import Operation
from streams.console.problems import Problem

_REFERENCE = "#/components/schemas/{name}"
_FILE = {
    "type": "object",
    "properties": {name: {"type": "string", "format": "binary"} for name in ("image", "audio")},
}
_ALWAYS = (401, 421, 500, 503)

Json = dict[str, Any]


def document(operations: Sequence[Operation]) -> Json:
    """The whole document."""
    structs = [Problem, *_structs(operations)]
    _, components = msgspec.json.schema_components(structs, ref_template=_REFERENCE)
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Freshet: the console's read API", "version": version("freshet")},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _structs(operations: Iterable[Operation]) -> Iterable[Any]:
    for operation in operations:
        yield from (given for given in (operation.answer, operation.body) if given not in (None, "file"))


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.endpoint.__qualname__.replace("Endpoints.", "_").lower(),
        "summary": (operation.endpoint.__doc__ or "").strip(),
        "parameters": [*_in_path(operation.path), *_in_query(operation.query)],
        "responses": {str(operation.status): _answer(operation), **_problems(operation)},
    }
    if operation.body is not None:
        kind = "multipart/form-data" if operation.body == "file" else "application/json"
        schema = _FILE if operation.body == "file" else _reference(operation.body)
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema}}}
    if operation.path == OPEN_PATH:
        described["security"] = []
    return described


def _answer(operation: Operation) -> Json:
    match operation.form:
        case "picture":
            return {"description": "A JPEG.", "content": {"image/jpeg": {}}}
        case "events":
            schema: Json = {
                "type": "string",
                "description": "Server-sent events; each one's data is as below.",
            }
            return {
                "description": "Events without end.",
                "content": {
                    "text/event-stream": {"schema": schema, "x-event-schema": _reference(operation.answer)}
                },
            }
        case "json":
            content = {"application/json": {"schema": _reference(operation.answer)}}
            return {"description": HTTPStatus(operation.status).phrase, "content": content}


def _problems(operation: Operation) -> Json:
    statuses = sorted({*operation.problems, *_ALWAYS, *((403,) if operation.method == "POST" else ())})
    # Whoever asks for health in vain is told as much in the words of its answer.
    struct = operation.answer if operation.path == OPEN_PATH else Problem
    content = {"application/json": {"schema": _reference(struct)}}
    return {str(s): {"description": HTTPStatus(s).phrase, "content": content} for s in statuses}


def _in_path(path: str) -> Iterable[Json]:
    schema = {"type": "string", "minLength": 1, "maxLength": 256}
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(struct: type[Any] | None) -> Iterable[Json]:
    if struct is None:
        return
    (_, components) = msgspec.json.schema_components([struct], ref_template=_REFERENCE)
    described = components[struct.__name__]
    for name, schema in described["properties"].items():
        yield {
            "name": name, "in": "query", "required": name in described.get("required", ()), "schema": schema,
        }  # fmt: skip


def _reference(struct: Any) -> Json:  # noqa: ANN401  # a struct
    return {"$ref": _REFERENCE.format(name=struct.__name__)}
