"""Items: what is known of one, its picture, what is like it, and what is found by words, a picture or a sound."""

import base64
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from streams.console.asked import Page, SimilarPage, TextPage, TrendingPage
from streams.console.askers import Askers
from streams.console.pictures import Pictures
from streams.console.problems import ApiError
from streams.console.reading import json_response, path_id, query
from streams.console.river import River
from streams.events import ItemDocument

UPLOAD_BYTES = 700_000
"""Of a picture or sound: in base64 it still fits into a request's record."""
FORM_BYTES = UPLOAD_BYTES + 20_000

_decode = msgspec.json.Decoder(ItemDocument).decode


class ItemEndpoints:
    """Answers about items: documents from the topic `items`, all else from the workers."""

    def __init__(self, river: River, askers: Askers, pictures: Pictures) -> None:
        self._river = river
        self._askers = askers
        self._pictures = pictures

    async def item(self, request: Request) -> Response:
        """The item's document."""
        return json_response(await self._document(request))

    async def picture(self, request: Request) -> Response:
        """The item's picture, small."""
        document = await self._document(request)
        if document.image is None:
            attempt = "send one in a media event"
            what = f"item {document.item_id} has no picture"
            raise ApiError(HTTPStatus.NOT_FOUND, what, request.url.path, attempt)
        data = await self._pictures.small(document.image)
        return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=300"})

    async def similar(self, request: Request) -> Response:
        """Items like the item."""
        page, item_id = query(request, SimilarPage), path_id(request, "item_id")
        await self._document(request)
        fields = {"kind": "similar", "item_id": item_id, "modality": page.modality}
        return json_response(await self._askers.found(page, fields, request.url.path))

    async def trending(self, request: Request) -> Response:
        """What is had most of late."""
        page = query(request, TrendingPage)
        fields = {"kind": "trending", "window": page.window}
        return json_response(await self._askers.found(page, fields, request.url.path))

    async def search(self, request: Request) -> Response:
        """Items by words."""
        page = query(request, TextPage)
        return await self._search(request, page, {"text": page.text})

    async def search_by_file(self, request: Request) -> Response:
        """Items by a picture or a sound of a form."""
        page = query(request, Page)
        _check_length(request)
        async with request.form(max_files=1, max_fields=0) as form:
            for name in ("image", "audio"):
                given = form.get(name)
                if isinstance(given, UploadFile):
                    data = await given.read()
                    return await self._search(
                        request, page, {name: {"data": base64.b64encode(data).decode()}}
                    )
        attempt = (
            "send multipart/form-data with one file in the field `image` or `audio`; words go to GET /search"
        )
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "there is no file in the form", "body", attempt)

    async def _search(self, request: Request, page: Page, looked_for: dict[str, Any]) -> Response:
        fields = {"kind": "search", "query": looked_for}
        return json_response(await self._askers.found(page, fields, request.url.path))

    async def _document(self, request: Request) -> ItemDocument:
        item_id = path_id(request, "item_id")
        record = await self._river.newest("items", item_id)
        if record is None or record.value is None:
            attempt = "send a media event of it to `media`; GET /search finds what there is"
            raise ApiError(HTTPStatus.NOT_FOUND, f"item {item_id} is unknown", request.url.path, attempt)
        return _decode(record.value)


def _check_length(request: Request) -> None:
    """Refuses what is too large before it is read.

    Raises:
        ApiError: It is, or does not say how large it is.
    """
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        what, attempt = "the length of the body is not told", "send a Content-Length"
        raise ApiError(HTTPStatus.LENGTH_REQUIRED, what, "header Content-Length", attempt)
    if int(length) > FORM_BYTES:
        what = f"the body has {int(length):,} bytes, at most {FORM_BYTES:,} are taken"
        attempt = "make the picture smaller: encoders look at some 300 pixels; or shorten the sound"
        raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what, "body", attempt)
