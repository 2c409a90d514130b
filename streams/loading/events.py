"""Rows to events of the contract, each with an id that is the same however often the file is produced."""

import hashlib
import re
import reprlib
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from streams.choices import told
from streams.events import Interaction, Media
from streams.loading.addresses import check_addresses
from streams.loading.fields import RowFields
from streams.loading.rows import Row
from streams.pseudonyms import PseudonymError, rename

_PATH = re.compile(r" - at `\$\.([\w.]+)[^`]*`$")
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_SHORT = reprlib.Repr()
_SHORT.maxstring = 60

_encode = msgspec.json.Encoder().encode


class RefusedRowError(ValueError):
    """A row is not an event of the contract; the message says why, with the field's path and column."""


class Keyed(NamedTuple):
    """An event as it is sent: the id it is keyed by, and its JSON."""

    key: str
    value: bytes


class RowEvents:
    """Makes events of the rows of one file.

    Args:
        event_type: The record of the contract.
        fields: Makes the fields of a row.
        file_name: Part of the ids that are made; the same file must have the same name.
        limit_bytes: The largest event that the topic takes.
        name: What a row's user is called in Kafka.
    """

    def __init__(
        self,
        event_type: type[Interaction | Media],
        fields: RowFields,
        file_name: str,
        limit_bytes: int,
        name: Callable[[str], str],
    ) -> None:
        self._name = name
        self._event_type = event_type
        self._fields = fields
        self._file_name = file_name
        self._limit_bytes = limit_bytes
        self._decode: Callable[[bytes], object] = msgspec.json.Decoder(event_type).decode

    def event(self, row: Row) -> Keyed:
        """The event of a row; an interaction without `event_id` gets one that follows from file and row.

        Raises:
            RefusedRowError: The row is not an event of the contract.
        """
        try:
            fields = self._fields.fields(row.fields)
            event: Interaction | Media = msgspec.convert(
                fields, self._event_type, strict=self._fields.literal
            )
            if isinstance(event, Interaction):
                # Before an id is made of what the row says: of a hash, somebody's id could be guessed.
                rename(event, self._name)
            else:
                check_addresses(event)
            value = self._encoded(event, row.line)
        except PseudonymError as exc:
            raise RefusedRowError(str(exc)) from None
        except msgspec.ValidationError as exc:
            raise RefusedRowError(self._placed(told(exc, self._event_type), row)) from None
        except UnicodeEncodeError as exc:
            msg = f"Expected UTF-8, got {exc.object[:40]!r}"
            raise RefusedRowError(msg) from None
        if len(value) > self._limit_bytes:
            msg = f"Expected at most {self._limit_bytes} bytes, got {len(value)}"
            raise RefusedRowError(msg)
        return Keyed(event.user_id if isinstance(event, Interaction) else event.item_id, value)

    def _placed(self, reason: str, row: Row) -> str:
        """The reason with the column that the field is filled from, and what stands there."""
        if missing := _MISSING.fullmatch(reason):
            column = self._fields.column(missing[1], row.fields)
            return f"{reason}: column {column} is empty" if column else reason
        found = _PATH.search(reason)
        column = self._fields.column(found[1], row.fields) if found else None
        if found is None or column not in row.fields:
            return reason
        where = "" if self._fields.literal else f", column {column}"
        # An address may carry a password, or a signature.
        shown = "" if found[1].endswith(".url") else _SHORT.repr(row.fields[column])
        return f"{reason}{where}" + (f": {shown}" if shown and shown not in reason else "")

    def _encoded(self, event: Interaction | Media, line: int) -> bytes:
        value = _encode(event)
        self._check_nothing_lost(event, value)
        if isinstance(event, Interaction) and event.event_id is None:
            place = f"{self._file_name}\0{line}\0".encode()
            event.event_id = hashlib.blake2b(place + value, digest_size=16).hexdigest()
            value = _encode(event)
        return value

    def _check_nothing_lost(self, event: Interaction | Media, value: bytes) -> None:
        """JSON has no infinity: it would arrive as null, which removes a field of an item."""
        arrived = self._decode(value)
        if arrived != event:
            lost = (
                name for name in event.__struct_fields__ if getattr(arrived, name) != getattr(event, name)
            )
            msg = f"Expected finite numbers - at `$.{next(lost)}`"
            raise msgspec.ValidationError(msg)
