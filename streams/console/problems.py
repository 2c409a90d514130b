"""Errors as the read API tells them: what is wrong, where, and what to try."""

from http import HTTPStatus

import msgspec
from confluent_kafka import KafkaException
from msgspec import Struct, field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from streams.asking import NoAnswerError
from streams.fetching.errors import MediumError
from streams.pseudonyms import PseudonymError


class Problem(Struct):
    """What went wrong."""

    what: str
    where: str
    """A path, a parameter or a field."""
    attempt: str = field(name="try")
    """What to do about it."""


class ApiError(Exception):
    """An answer that is a problem."""

    def __init__(self, status: HTTPStatus, what: str, where: str, attempt: str) -> None:
        super().__init__(what)
        self.status = status
        self.problem = Problem(what, where, attempt)


def problem_response(status: HTTPStatus, problem: Problem) -> Response:
    """The problem as JSON."""
    return Response(msgspec.json.encode(problem), status, media_type="application/json")


def answer_problem(request: Request, exc: Exception) -> Response:
    """Starlette's handler of whatever an endpoint raises; what nobody expected is also logged by the server."""
    found = _found(request, exc)
    return problem_response(found.status, found.problem)


_TOLD: dict[type[Exception], tuple[HTTPStatus, str]] = {
    NoAnswerError: (HTTPStatus.GATEWAY_TIMEOUT, "see `freshet status`, then ask again"),
    PseudonymError: (HTTPStatus.UNPROCESSABLE_ENTITY, "see docs/security.md"),
    MediumError: (HTTPStatus.BAD_GATEWAY, "see the address in the item's document"),
}
"""Errors whose own words are the answer: with which status, and what to try."""


def _found(request: Request, exc: Exception) -> ApiError:
    path = request.url.path
    match exc:
        case ApiError():
            return exc
        case NoAnswerError() | PseudonymError() | MediumError():
            status, attempt = next(told for kind, told in _TOLD.items() if isinstance(exc, kind))
            return ApiError(status, str(exc), path, attempt)
        case KafkaException() | TimeoutError() | ConnectionError():
            what = f"Kafka did not answer: {exc}"
            return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, what, path, "ask again in a moment")
        case HTTPException():
            status = HTTPStatus(exc.status_code)
            return ApiError(status, status.phrase, path, "see /openapi.json for what there is")
        case _:
            what = f"internal: {type(exc).__name__}"
            return ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, what, path, "see the console's log")


HANDLED: tuple[type[Exception], ...] = (
    ApiError, NoAnswerError, PseudonymError, KafkaException, TimeoutError, ConnectionError, MediumError, HTTPException,
    Exception,
)  # fmt: skip
"""What `answer_problem` is for."""
