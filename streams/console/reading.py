"""What a request says: its query and path, checked against the structs that describe them."""

from http import HTTPStatus
from typing import Any, TypeVar, cast, get_origin

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from streams.choices import told
from streams.console.problems import ApiError
from streams.events import Id

T = TypeVar("T", bound=msgspec.Struct)


def query(request: Request, expected: type[T]) -> T:
    """The parameters of the address; one that is a list may be given several times.

    Raises:
        ApiError: One is missing, unknown or wrong.
    """
    lists = {f.encode_name for f in msgspec.structs.fields(expected) if get_origin(_bare(f.type)) is list}
    given: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in lists:
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    return cast(T, converted(given, expected, "the address's parameters"))


def path_id(request: Request, name: str) -> str:
    """An id that is part of the path.

    Raises:
        ApiError: No id can be like that.
    """
    return str(converted(request.path_params[name], Id, f"{{{name}}} in the path"))


def converted(given: object, expected: Any, where: str) -> Any:  # noqa: ANN401  # whatever type is expected
    """What was given, as the type.

    Raises:
        ApiError: It does not fit; the problem says why.
    """
    try:
        return msgspec.convert(given, expected, strict=False)
    except msgspec.ValidationError as exc:
        what = told(exc, expected)
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, what, where, "see /openapi.json") from None


def json_response(answer: object) -> Response:
    """The answer, which nobody may keep for later."""
    return Response(
        msgspec.json.encode(answer), media_type="application/json", headers={"cache-control": "no-store"}
    )


def _bare(annotated: Any) -> Any:  # noqa: ANN401  # any annotation
    return getattr(annotated, "__origin__", annotated) if hasattr(annotated, "__metadata__") else annotated
